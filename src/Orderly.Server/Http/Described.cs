namespace Orderly.Server.Http;

/// <summary>Parameters and headers that several addresses read, described once.</summary>
internal static class Described
{
    /// <summary>The methods of an address that is read.</summary>
    public static readonly string[] ReadMethods = [HttpMethods.Get, HttpMethods.Head];

    public static readonly TakesPath OrderId = new("id", "The id of the order.")
    {
        Format = "uuid", LengthMax = 36, Example = "01a209de-90dc-7f55-a5a7-91d28fe76cf3",
    };

    public static readonly TakesHeader IfMatch = new("If-Match",
        "The ETag of the version that the write is based on, a list of them, or *; any other version is refused "
        + "with 412.")
    {
        Pattern = TakesHeader.StrongTagsPattern, Example = "\"v7\"",
    };

    public static readonly TakesHeader IfNoneMatch = new("If-None-Match",
        "The ETag of the version that you have: 304 where it is current.")
    {
        Pattern = TakesHeader.TagsPattern, Example = "\"v7\"",
    };

    public static readonly TakesHeader IfNew = new("If-None-Match",
        "*: only create; 412 where there is one already.")
    {
        Pattern = "^\\*$", Example = "*",
    };

    public static readonly TakesHeader IdempotencyKey = new("Idempotency-Key",
        "1 to 255 visible characters. The same request with the same key is done once, and answered alike again for "
        + "at least 24 hours.")
    {
        Pattern = "^[!-~]{1,257}$", Example = "3f0d4c3e-place-1",
    };

    public static readonly TakesParameter DryRun = new("dryRun", "boolean",
        "Check everything and give the result, but store nothing.");

    public static readonly TakesParameter Force = new("force", "boolean",
        "Override the update window. Takes the scope orders:force and a reason.");

    public static readonly TakesParameter Reason = new("reason", "string", "Why; the revision records it.")
    {
        LengthMax = ReasonText.LengthMax,
    };

    /// <summary>A parameter that is an instant.</summary>
    public static TakesParameter Time(string name, string description) =>
        new(name, "string", description) { Format = "date-time", LengthMax = Instant.InputLengthMax };

    public static TakesParameter Limit(int max, int fallback) =>
        new("limit", "integer", "How many rows a page has.") { Minimum = 1, Maximum = max, Default = fallback };
}
