using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Orderly.Contract.Problems;
using Orderly.Server.Access;

namespace Orderly.Server.Http.Description;

/// <summary>What many operations have in common: refusals, headers, the request id.</summary>
internal static class SharedParts
{
    public const string RequestId = "RequestId";
    private const int HeaderLengthMax = 4_096;

    private static readonly (string Name, string Meaning, string Example)[] TextHeaders =
    [
        ("ETag", "The version: `\"v\"` and its number, in quotes. For If-Match and If-None-Match.", "\"v7\""),
        ("Idempotent-Replayed",
            "`true` where this is the answer that an earlier request with the same key got.", "true"),
        ("Location", "The address of what was created.", "/orders/01a209de-90dc-7f55-a5a7-91d28fe76cf3"),
        ("Link", "The next page (RFC 8288), where there is one.",
            "</orders?limit=2&cursor=AfXakhFoQOwuCN9Jjxv4YCABognekTFzG74frglUYRY2>; rel=\"next\""),
        ("Accept", "The media type that the address takes (RFC 9110, 12.5.1); not with PATCH.", JsonBody.MediaType),
        ("Accept-Patch", "The media type that PATCH takes (RFC 5789, 3.1).", JsonBody.MergePatchMediaType),
        (ApiKeyGate.PolicyHeader, "The key's quota `q` in `w` seconds (draft-ietf-httpapi-ratelimit-headers).",
            "\"default\";q=3000000;w=60"),
        (ApiKeyGate.LimitHeader, "What remains, `r`, and after how many seconds the quota is whole again, `t`.",
            "\"default\";r=2999999;t=1"),
        ("WWW-Authenticate", "How a key can be sent.", "Bearer realm=\"orderly\""),
    ];

    /// <summary>The headers of refusals, beside those that every answer has.</summary>
    private static readonly Dictionary<int, string[]> RefusalHeaders = new()
    {
        [401] = ["WWW-Authenticate"],
        [409] = ["Retry-After"],
        [412] = ["ETag"],
        [415] = ["Accept", "Accept-Patch"],
        [429] = ["Retry-After", ApiKeyGate.PolicyHeader, ApiKeyGate.LimitHeader],
        [503] = ["Retry-After"],
    };

    /// <summary>The name of the shared answer of a status: <c>NotFound</c> for 404.</summary>
    public static string Refusal(string status) => status switch
    {
        "400" => "BadRequest",
        "401" => "Unauthorized",
        "403" => "Forbidden",
        "404" => "NotFound",
        "406" => "NotAcceptable",
        "408" => "RequestTimeout",
        "409" => "Conflict",
        "410" => "Gone",
        "412" => "PreconditionFailed",
        "413" => "ContentTooLarge",
        "415" => "UnsupportedMediaType",
        "422" => "UnprocessableContent",
        "428" => "PreconditionRequired",
        "429" => "TooManyRequests",
        "500" => "InternalServerError",
        "503" => "ServiceUnavailable",
        _ => throw new InvalidOperationException($"The status {status} has no shared answer yet; add one here."),
    };

    public static void AddTo(OpenApiDocument document, ExampleBook examples)
    {
        var components = document.Components!;
        components.SecuritySchemes = KeySchemes.All();
        components.Examples = examples.Examples.ToDictionary(
            pair => pair.Key, pair => (IOpenApiExample)pair.Value, StringComparer.Ordinal);
        components.Headers = Headers();
        components.Parameters = new Dictionary<string, IOpenApiParameter>(StringComparer.Ordinal)
        {
            [RequestId] = new OpenApiParameter
            {
                Name = ProblemMiddleware.RequestIdHeader,
                In = ParameterLocation.Header,
                Description = "Your own id of the request; the answer repeats it. One that is too long or not visible "
                    + "ASCII is replaced.",
                Example = JsonValue.Create("checkout-4711"),
                Schema = VisibleText(ProblemMiddleware.RequestIdLengthMax),
            },
        };
        components.Responses = new Dictionary<string, IOpenApiResponse>(StringComparer.Ordinal);
        foreach (var status in RefusalStatuses(document))
        {
            components.Responses[Refusal(status)] = MakeRefusal(status, document, examples);
        }
    }

    /// <summary>Only what some operation can answer is described.</summary>
    private static IEnumerable<string> RefusalStatuses(OpenApiDocument document) => document.Paths.Values
        .SelectMany(path => path.Operations!.Values)
        .SelectMany(operation => operation.Responses!.Keys)
        .Where(status => status[0] >= '4')
        .Distinct(StringComparer.Ordinal)
        .Order(StringComparer.Ordinal);

    private static OpenApiResponse MakeRefusal(string status, OpenApiDocument document, ExampleBook examples)
    {
        var number = int.Parse(status, CultureInfo.InvariantCulture);
        var codes = ProblemCodes.All.Where(code => ProblemTable.Of(code).Status == number);
        return new OpenApiResponse
        {
            Description = "Refused; `code` is one of: "
                + string.Join(", ", codes.Select(code => $"`{code.ToText()}` ({ProblemTable.Of(code).Title})")) + ".",
            Headers = RefusalHeaders.GetValueOrDefault(number, [])
                .Append(ProblemMiddleware.RequestIdHeader).ToDictionary(
                    name => name,
                    name => (IOpenApiHeader)new OpenApiHeaderReference(name, document),
                    StringComparer.Ordinal),
            Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
            {
                [ProblemWriter.MediaType] = new OpenApiMediaType
                {
                    Schema = new OpenApiSchemaReference(nameof(ProblemDocument), document),
                    Examples = examples.For(ExampleBook.Shared, status, document),
                },
            },
        };
    }

    private static Dictionary<string, IOpenApiHeader> Headers()
    {
        var headers = new Dictionary<string, IOpenApiHeader>(StringComparer.Ordinal)
        {
            [ProblemMiddleware.RequestIdHeader] = new OpenApiHeader
            {
                Description = "The id of the request: yours where you sent a sane one, otherwise that of the trace.",
                Example = JsonValue.Create("8fe7ae2dbe24c1de0eb57b8c74221db9"),
                Schema = VisibleText(ProblemMiddleware.RequestIdLengthMax),
            },
            ["Retry-After"] = new OpenApiHeader
            {
                Description = "After how many seconds it is worth trying again, where waiting helps.",
                Example = JsonValue.Create(7098),
                Schema = new OpenApiSchema
                {
                    Type = JsonSchemaType.Integer, Format = "int32", Minimum = "0", Maximum = "2147483647",
                },
            },
        };
        foreach (var (name, meaning, example) in TextHeaders)
        {
            headers[name] = new OpenApiHeader
            {
                Description = meaning,
                Example = JsonValue.Create(example),
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = HeaderLengthMax },
            };
        }

        return headers;
    }

    private static OpenApiSchema VisibleText(int lengthMax) =>
        new() { Type = JsonSchemaType.String, Pattern = "^[!-~]+$", MaxLength = lengthMax };
}
