namespace Orderly.Server.Http;

/// <summary>Parameters and headers that several addresses read, described once.</summary>
internal static class Described
{
    public static readonly TakesHeader IfMatch = new("If-Match",
        "The ETag of the version that the write is based on; any other version is refused with 412.");

    public static readonly TakesHeader IfNoneMatch = new("If-None-Match",
        "The ETag of the version that you have: 304 where it is current.");

    public static readonly TakesHeader IdempotencyKey = new("Idempotency-Key",
        "1 to 255 visible characters. The same request with the same key is done once, and answered alike again for "
        + "at least 24 hours.");

    public static readonly TakesParameter DryRun = new("dryRun", "boolean",
        "Check everything and give the result, but store nothing.");

    public static readonly TakesParameter Force = new("force", "boolean",
        "Override the update window. Takes the scope orders:force and a reason.");

    public static readonly TakesParameter Reason = new("reason", "string", "Why; the revision records it.");

    public static readonly TakesParameter Cursor = new("cursor", "string", "next of the page before, as it came.");

    public static TakesParameter Limit(int max, int fallback) =>
        new("limit", "integer", "How many rows a page has.") { Minimum = 1, Maximum = max, Default = fallback };
}
