namespace Orderly.EndToEndTests.Production;

/// <summary>An interval of the day: what was sampled, in the median, and what the answers took.</summary>
internal sealed record DayInterval(
    TimeSpan At, DayVitals Vitals, IReadOnlyDictionary<DayWork, DayLatency> Latencies);

/// <summary>Something that must not grow: its median in the second and in the last third of the day.</summary>
internal sealed record DayTrend(string What, string Unit, double Second, double Last, double Allowed)
{
    public bool Holds => Last <= Allowed;
}

/// <summary>
/// Decides whether something grew. The first third is for caches, pools and the compiler to fill up; the medians of the
/// second and the last third are compared, so that single minutes do not decide.
/// </summary>
internal static class DayVerdict
{
    private const double PercentDivisor = 100;

    /// <summary>In a shorter run what is warm cannot be told from what grows.</summary>
    public static readonly TimeSpan DecidedFrom = TimeSpan.FromMinutes(9);

    /// <summary>By how much the median may be larger in the last third: a share in percent, and a constant.</summary>
    private static readonly (DayGauge Gauge, string What, string Unit, double Percent, double Constant)[] Gauges =
    [
        (DayGauge.ServerMemory, "server, resident memory", "MiB", 10, 10),
        (DayGauge.ManagedHeap, "server, managed heap after collection", "MiB", 15, 10),
        (DayGauge.Threads, "server, threads", "", 10, 5),
        (DayGauge.Files, "server, open files and sockets", "", 10, 10),
        (DayGauge.DatabasePrivate, "PostgreSQL, memory that is not shared", "MiB", 10, 10),
        (DayGauge.Connections, "PostgreSQL, connections", "", 0, 2),
        (DayGauge.Pool, "pools, connections", "", 0, 2),
        (DayGauge.FeedLag, "feed lag", "ms", 50, 50),
    ];

    private const double LatencyPercent = 50;
    private const double LatencyConstant = 10;

    /// <summary>What grew or did not. Empty: the day was too short to tell.</summary>
    public static IReadOnlyList<DayTrend> Decide(IReadOnlyList<DayInterval> day, TimeSpan duration)
    {
        if (duration < DecidedFrom)
        {
            return [];
        }

        var second = day.Where(interval => interval.At >= duration / 3 && interval.At < duration * 2 / 3).ToList();
        var last = day.Where(interval => interval.At >= duration * 2 / 3).ToList();
        var trends = Gauges.Select(rule => Compare(rule.What, rule.Unit, rule.Percent, rule.Constant,
            second.ConvertAll(interval => interval.Vitals[rule.Gauge]),
            last.ConvertAll(interval => interval.Vitals[rule.Gauge])));
        return
        [
            .. trends,
            .. Enum.GetValues<DayWork>().Select(work => Compare(
                $"p99, {work}", "ms", LatencyPercent, LatencyConstant, P99(second, work), P99(last, work))),
        ];
    }

    public static double Median(List<double> values)
    {
        var sorted = values.Where(value => !double.IsNaN(value)).Order().ToList();
        return sorted.Count == 0 ? double.NaN : sorted[sorted.Count / 2];
    }

    private static DayTrend Compare(
        string what, string unit, double percent, double constant, List<double> second, List<double> last)
    {
        var before = Median(second);
        return new DayTrend(what, unit, before, Median(last), before + (before * percent / PercentDivisor) + constant);
    }

    private static List<double> P99(List<DayInterval> day, DayWork work) =>
        [.. day.Where(interval => interval.Latencies.ContainsKey(work))
            .Select(interval => interval.Latencies[work].P99)];
}
