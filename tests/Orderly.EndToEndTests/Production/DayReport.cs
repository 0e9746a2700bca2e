using System.Globalization;
using System.Text;

namespace Orderly.EndToEndTests.Production;

/// <summary>A day as a page of Markdown.</summary>
internal static class DayReport
{
    private const string Bars = "▁▂▃▄▅▆▇█";

    private static readonly (DayGauge Gauge, string Name, string Format)[] Columns =
    [
        (DayGauge.ServerMemory, "server MiB", "0"), (DayGauge.ManagedHeap, "heap MiB", "0"),
        (DayGauge.Threads, "threads", "0"), (DayGauge.Files, "files", "0"),
        (DayGauge.DatabasePrivate, "PG own MiB", "0"), (DayGauge.DatabaseMemory, "PG all MiB", "0"),
        (DayGauge.Connections, "PG conn.", "0"), (DayGauge.Pool, "pool", "0"), (DayGauge.FeedLag, "feed lag ms", "0"),
        (DayGauge.ServerCores, "server cores", "0.00"), (DayGauge.DatabaseCores, "PG cores", "0.00"),
        (DayGauge.ClientCores, "client cores", "0.00"),
    ];

    /// <summary>An interval in one line, for who watches.</summary>
    public static string Line(DayInterval interval, DayLedger ledger) => string.Create(CultureInfo.InvariantCulture,
        $"{interval.At:hh\\:mm\\:ss} {interval.Latencies.Values.Sum(latency => latency.Count)} answers and events, "
        + $"p99 create {P99(interval, DayWork.Create)}, read {P99(interval, DayWork.Read)} ms, "
        + $"server {interval.Vitals[DayGauge.ServerMemory]:0} MiB, "
        + $"cores {interval.Vitals[DayGauge.ServerCores]:0.00} + {interval.Vitals[DayGauge.DatabaseCores]:0.00} + "
        + $"{interval.Vitals[DayGauge.ClientCores]:0.00}, {ledger.FaultCount} faults");

    public static string Write(DayOptions options, DayResult result)
    {
        var text = new StringBuilder();
        Line(text, $"# A day in production, simulated");
        text.AppendLine();
        Line(text, $"`dotnet run -c Release --project tests/Orderly.EndToEndTests -- day --minutes {options.Minutes} "
            + $"--rate {options.Rate} --seed {options.Seed}`");
        text.AppendLine();
        Line(text, $"Verdict: **{(result.Holds ? "holds" : "does not hold")}**. {options.Minutes} minutes at "
            + $"{options.Rate} requests a second, reached after {options.Morning.TotalSeconds:0} s, "
            + $"{Environment.ProcessorCount} processors, "
            + $"{2 * options.FollowersOfEach} followers of the feed; {result.Ledger.FaultCount} faults.");
        text.AppendLine();
        foreach (var line in result.Notes.Concat(result.Ledger.Faults.Select(fault => "fault: " + fault)))
        {
            Line(text, $"- {line}");
        }

        WriteTrends(text, options, result);
        WriteVitals(text, result);
        WriteLatencies(text, result);
        return text.ToString();
    }

    private static void WriteTrends(StringBuilder text, DayOptions options, DayResult result)
    {
        Line(text, $"\n## What must not grow\n");
        if (result.Trends.Count == 0)
        {
            Line(text, $"Not decided: {options.Minutes} minutes are too few to tell what grows from what is warming "
                + $"up; {DayVerdict.DecidedFrom.TotalMinutes} are enough.");
            return;
        }

        Line(text, $"Medians of the second and of the last third of the day.\n");
        Line(text, $"| what | second third | last third | allowed | |");
        Line(text, $"|---|--:|--:|--:|---|");
        foreach (var trend in result.Trends)
        {
            Line(text, $"| {trend.What} | {trend.Second:0.#} {trend.Unit} | {trend.Last:0.#} {trend.Unit} "
                + $"| {trend.Allowed:0.#} | {(trend.Holds ? "holds" : "**grew**")} |");
        }
    }

    private static void WriteVitals(StringBuilder text, DayResult result)
    {
        Line(text, $"\n## What was sampled\n");
        Line(text, $"Medians of each interval. The memory that PostgreSQL shares grows with the data that is touched, "
            + $"up to shared_buffers.\n");
        foreach (var (gauge, name, _) in Columns)
        {
            Line(text, $"- {name}: {Spark([.. result.Intervals.Select(interval => interval.Vitals[gauge])])}");
        }

        text.AppendLine();
        text.Append("| at |").AppendJoin('|', Columns.Select(column => $" {column.Name} ")).AppendLine("|");
        text.Append("|---|").AppendJoin('|', Columns.Select(_ => "--:")).AppendLine("|");
        foreach (var interval in result.Intervals)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {interval.At:hh\\:mm\\:ss} |").AppendJoin('|', Columns.Select(
                    column => $" {interval.Vitals[column.Gauge].ToString(column.Format, null)} "))
                .AppendLine("|");
        }
    }

    private static void WriteLatencies(StringBuilder text, DayResult result)
    {
        var kinds = Enum.GetValues<DayWork>();
        Line(text, $"\n## What answers took\n");
        Line(text, $"Milliseconds from when the request was due: median and 99th percentile.\n");
        text.Append("| at |").AppendJoin('|', kinds.Select(kind => $" {kind} ")).AppendLine("|");
        text.Append("|---|").AppendJoin('|', kinds.Select(_ => "--:")).AppendLine("|");
        foreach (var interval in result.Intervals)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {interval.At:hh\\:mm\\:ss} |").AppendJoin('|', kinds.Select(
                kind => interval.Latencies.TryGetValue(kind, out var latency)
                    ? string.Create(CultureInfo.InvariantCulture, $" {latency.Median:0.0} / {latency.P99:0} ")
                    : " ")).AppendLine("|");
        }

        text.AppendLine();
        foreach (var kind in kinds)
        {
            Line(text, $"- p99 {kind}: {Spark([.. result.Intervals.Select(interval => interval.Latencies
                .TryGetValue(kind, out var latency) ? latency.P99 : double.NaN)])}");
        }
    }

    private static string P99(DayInterval interval, DayWork work) =>
        interval.Latencies.TryGetValue(work, out var latency)
            ? latency.P99.ToString("0", CultureInfo.InvariantCulture) : "none";

    /// <summary>A curve in a line of text, from 0 to its maximum.</summary>
    private static string Spark(IReadOnlyList<double> values)
    {
        var max = values.Where(value => !double.IsNaN(value)).DefaultIfEmpty(0).Max();
        var bars = values.Select(value => double.IsNaN(value) ? ' '
            : Bars[max <= 0 ? 0 : Math.Clamp((int)(value / max * Bars.Length), 0, Bars.Length - 1)]);
        return string.Create(CultureInfo.InvariantCulture, $"{string.Concat(bars)} (most {max:0.##})");
    }

    private static void Line(StringBuilder text, string line) => text.AppendLine(line);
}
