using Orderly.Contract.Problems;

namespace Orderly.Server.Http;

/// <summary>What is the same for every problem of a code.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Title">What went wrong, in a line.</param>
/// <param name="Remedy">What the caller can do about it.</param>
internal sealed record ProblemKind(int Status, string Title, string Remedy);

/// <summary>The one table of problems. A code without a row does not compile.</summary>
internal static class ProblemTable
{
    private static readonly ProblemKind[] Kinds = [.. ProblemCodes.All.Select(Describe)];

    public static ProblemKind Of(ProblemCode code) => Kinds[(int)code];

    private static ProblemKind Describe(ProblemCode code) => code switch
    {
        ProblemCode.MalformedJson => new(400, "The body is not JSON",
            "Send one JSON value in UTF-8 (RFC 8259), at most 32 levels deep. The detail names the line and place."),
        ProblemCode.InvalidBody => new(400, "The body cannot be read as what is expected here",
            "See errors: each entry points to the place in the body and says what would be right."),
        ProblemCode.UnknownField => new(400, "A field that does not exist",
            "Remove the field or mend its name. Unknown fields are refused, never ignored, so that a misspelt one "
            + "is not lost."),
        ProblemCode.DuplicateField => new(400, "A field stands twice",
            "Keep one of them: which one was meant cannot be known."),
        ProblemCode.MissingField => new(400, "A required field is absent",
            "Add the field. null counts as absent."),
        ProblemCode.WrongType => new(400, "A value of the wrong type",
            "Send the JSON type that is asked for: a number is not put in quotes, and text is."),
        ProblemCode.InvalidText => new(400, "Text that cannot be stored",
            "Remove the NUL character or the unpaired surrogate (\\ud800 to \\udfff alone)."),
        ProblemCode.InvalidTime => new(400, "Not a time with an offset",
            "Send RFC 3339 with an offset, as 2026-11-23T09:30:00Z or 2026-11-23T10:30:00+01:00."),
        ProblemCode.NumberOutOfRange => new(400, "A number that cannot be represented",
            "Send a number of at most 15 significant digits."),
        ProblemCode.InvalidQuery => new(400, "The query cannot be read",
            "See errors: each entry names the parameter and says what would be right."),
        ProblemCode.UnknownParameter => new(400, "A query parameter that does not exist here",
            "Remove the parameter or mend its name. Unknown parameters are refused, never ignored."),
        ProblemCode.RepeatedParameter => new(400, "A query parameter given twice",
            "Give each parameter once."),
        ProblemCode.InvalidParameter => new(400, "A query parameter with a value that it cannot have",
            "See errors for what the parameter takes."),
        ProblemCode.InvalidCursor => new(400, "A cursor that does not belong to this list",
            "Use the cursor from next exactly as it came, with the same filter and sort, or start again without it."),
        ProblemCode.InvalidPrecondition => new(400, "A precondition that cannot be read",
            "Send the ETag as it came, in quotes and without W/: If-Match: \"v7\". It must agree with version in "
            + "the body where both are given."),
        ProblemCode.BadRequest => new(400, "The HTTP message cannot be read",
            "Check the request line, the headers and the length of the body."),
        ProblemCode.MissingKey => new(401, "No API key",
            "Send the key in the header X-Api-Key, or as Authorization: Bearer."),
        ProblemCode.UnknownKey => new(401, "The API key is not valid",
            "Check that the whole key was sent, and that it was not revoked and has not expired."),
        ProblemCode.MissingScope => new(403, "The API key lacks a scope",
            "Ask an administrator for a key with the scope that the detail names."),
        ProblemCode.RouteNotFound => new(404, "No such address",
            "Check the path; /docs lists every address."),
        ProblemCode.OrderNotFound => new(404, "No such order",
            "Check the id. A deleted order is not found either; it can be restored."),
        ProblemCode.ServiceNotFound => new(404, "No such service record",
            "Check the id, or create the record with PUT."),
        ProblemCode.MethodNotAllowed => new(405, "The address does not take this method",
            "The header Allow lists the methods that it takes."),
        ProblemCode.NotAcceptable => new(406, "None of the asked media types can be given",
            "Ask for application/json."),
        ProblemCode.RequestTimeout => new(408, "The request took too long to arrive",
            "Send it again, faster. Nothing was stored."),
        ProblemCode.OrderNotYetUpdatable => new(409, "The order is too young to be updated",
            "Try again at updatableFrom, or after the seconds in Retry-After."),
        ProblemCode.OrderClosed => new(409, "The order is closed",
            "The content of a completed or cancelled order is frozen. Place a new order."),
        ProblemCode.ReferenceTaken => new(409, "Another order has this reference",
            "Choose another reference, or update the order named by orderId."),
        ProblemCode.StaleVersion => new(412, "It has changed since the version you know",
            "Read it again, apply your change to what is there now, and send it with the new version."),
        ProblemCode.BodyTooLarge => new(413, "The body is too large",
            "Send at most 1 MiB (1,048,576 bytes)."),
        ProblemCode.AddressTooLong => new(414, "The address is too long",
            "Shorten the query."),
        ProblemCode.UnsupportedMediaType => new(415, "The body's media type is not taken here",
            "Send application/json in UTF-8, not compressed (application/merge-patch+json for PATCH)."),
        ProblemCode.Unacceptable => new(422, "The request was read, but is not acceptable",
            "See errors: each entry points to the place and says what would be right."),
        ProblemCode.InvalidLength => new(422, "Text that is empty or too long",
            "Keep to the limit that the detail names, counted in characters."),
        ProblemCode.OutOfRange => new(422, "A value outside its limits",
            "Keep to the limits that the detail names."),
        ProblemCode.TooPrecise => new(422, "A number with too many digits",
            "Money has at most 4 decimals and 15 significant digits."),
        ProblemCode.InvalidCount => new(422, "Too few or too many entries",
            "Keep to the limits that the detail names."),
        ProblemCode.InvalidValue => new(422, "Text of the wrong shape",
            "See the detail for the shape that is expected."),
        ProblemCode.UnknownCurrency => new(422, "Not a currency",
            "Send a code of ISO 4217 in capitals, as USD or EUR."),
        ProblemCode.UnknownService => new(422, "No such service record",
            "Check the id, or create the service record first with PUT /services/{id}."),
        ProblemCode.RetiredService => new(422, "The service record is retired",
            "Name an active service record, or make this one active again."),
        ProblemCode.TotalfeeRequired => new(422, "totalfee is needed",
            "Give totalfee, or the fee of every line: it cannot be computed while a fee is unknown."),
        ProblemCode.ReadOnlyField => new(422, "A read-only field was changed",
            "Leave the field out, or send it back as it was read."),
        ProblemCode.PreconditionRequired => new(428, "The write must name the version it is based on",
            "Send If-Match with the ETag that you read, or version in the body."),
        ProblemCode.HeadersTooLarge => new(431, "The headers are too large",
            "Send smaller headers (at most 32 KiB together)."),
        ProblemCode.InternalError => new(500, "A fault of the service",
            "Try again. If it stays, give the traceId to the people who run the service."),
        ProblemCode.Overloaded => new(503, "The service has more work than it can do",
            "Try again after the seconds in Retry-After. Nothing was stored."),
        ProblemCode.DatabaseUnavailable => new(503, "The database cannot be reached",
            "Try again after the seconds in Retry-After. Whether a write was stored is only certain after a read."),
    };
}
