namespace Orderly.Server.Orders;

/// <summary>
/// The spans of time that the index of terms knows of each order, as <c>order_spans</c> in
/// <c>0007_list_spans.sql</c> makes them. Pure.
/// </summary>
internal static class OrderSpans
{
    /// <summary>More of them than this, and the longer ones are taken.</summary>
    private const int CoverMax = 33;

    private static readonly DateTime Origin = new(1800, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private static readonly (DateTime Origin, TimeSpan Length)[] Levels =
    [
        (Origin, TimeSpan.FromHours(16)),
        (Origin.AddSeconds(1), TimeSpan.FromHours(512)),
    ];

    /// <summary>The shortest spans, but few, that hold all from one instant to another, and perhaps more.</summary>
    public static IReadOnlyList<DateTime> Cover(DateTime from, DateTime to)
    {
        var (origin, length) = (to - from) / Levels[0].Length < CoverMax - 1 ? Levels[0] : Levels[1];
        var spans = new List<DateTime>(CoverMax);
        for (var at = origin + (length * Math.Floor((from - origin) / length)); at <= to; at += length)
        {
            spans.Add(at);
        }

        return spans;
    }
}
