namespace Orderly.Server.Orders;

/// <summary>
/// How much a page of orders, versions or events reads: behind so many bytes it ends early, though fewer than asked for
/// were read. It is past what 500 usual ones have; 500 of the largest that there can be would take half a gigabyte. An
/// order has a fraction of it, so that a page that ends early holds several.
/// </summary>
internal static class PageBytes
{
    public const int Max = 8 * 1024 * 1024;

    /// <summary>Whether there may be more, though fewer than asked for were read.</summary>
    /// <param name="contents">The JSON of what was read.</param>
    public static bool EndsEarly(IEnumerable<byte[]> contents) => contents.Sum(content => (long)content.Length) > Max;
}
