using System.Globalization;
using System.Text;

namespace Orderly.Bench.Load;

/// <summary>What a server took to start and to be there.</summary>
internal sealed record ServerUse(string Target, double StartSeconds, double? IdleMebibytes, double? PeakMebibytes);

/// <summary>All measurements of a run, and what was found in the databases afterwards.</summary>
internal sealed class LoadResults
{
    private readonly List<(string Target, Workload Workload, Measurement Measurement, double GeneratorCores)> all = [];

    public List<string> Differences { get; } = [];

    public List<string> Counted { get; } = [];

    public List<ServerUse> Servers { get; } = [];

    public bool Passed => Differences.Count == 0 && all.TrueForAll(m => m.Measurement.Errors == 0);

    public void Add(Target target, Workload workload, Measurement measurement, double generatorCores) =>
        all.Add((target.Name, workload, measurement, generatorCores));

    public void Add(Target target, IReadOnlyList<string> differences)
    {
        Differences.AddRange(differences);
        if (differences.Count == 0)
        {
            Counted.Add(string.Create(CultureInfo.InvariantCulture,
                $"{target.Name} {target.AcknowledgedCreates:N0} creates, {target.AcknowledgedUpdates:N0} updates"));
        }
    }

    public IReadOnlyList<Measurement> Of(string target, Workload workload) =>
        [.. all.Where(m => string.Equals(m.Target, target, StringComparison.Ordinal) && m.Workload == workload)
            .Select(m => m.Measurement)];

    public double GeneratorCoresMax() =>
        all.Where(m => !m.Target.StartsWith(TargetNames.Pgbench, StringComparison.Ordinal))
            .Select(m => m.GeneratorCores).DefaultIfEmpty().Max();

    public IEnumerable<string> ErrorSamples() =>
        all.Where(m => m.Measurement.FirstError is not null)
            .Select(m => $"{m.Target} {m.Workload}: {m.Measurement.FirstError}").Distinct(StringComparer.Ordinal);
}

/// <summary>The report: one table in Markdown, and what is needed to judge it and to get it again.</summary>
internal static class LoadReport
{
    public static string Write(LoadResults results, LoadOptions options, string machine, string command)
    {
        var text = new StringBuilder();
        text.AppendLine("# Load benchmark").AppendLine();
        text.AppendLine("| workload | target | req/s, orders/s of streams and imports: median (min–max) "
            + "| × pgbench | × pgbench-lines "
            + "| p50 ms | p95 ms | p99 ms | max ms | server µs | PostgreSQL µs | errors |");
        text.AppendLine("|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (var workload in options.Workloads)
        {
            IReadOnlyList<Measurement>[] measures =
                [results.Of(TargetNames.Pgbench, workload), results.Of(TargetNames.PgbenchLines, workload)];
            foreach (var target in options.Targets)
            {
                if (results.Of(target, workload) is { Count: > 0 } rounds)
                    Row(text, workload, target, rounds, measures);
            }
        }
        text.AppendLine();
        Servers(text, results.Servers);
        text.AppendLine(string.Create(CultureInfo.InvariantCulture,
            $"Medians of {options.Rounds} interleaved rounds of {options.Seconds} s, "
            + $"{options.Connections} connections with one request at a time each{Paced(options)}, "
            + $"{options.Orders:N0} orders in each database at the start. "
            + $"Costs are processor time a request, or an order of a stream or an import, what PostgreSQL does in the "
            + $"background included. Streams and imports ({options.RowsOfImport:N0} orders in a request, all or none) "
            + $"have one caller each; pgbench's are psql's \\copy and binary COPY of the same rows. "
            + $"The generator used at most {results.GeneratorCoresMax():N2} cores."));
        text.AppendLine();
        foreach (var difference in results.Differences) text.AppendLine("**Not stored as acknowledged** " + difference);
        foreach (var error in results.ErrorSamples()) text.AppendLine("Error: " + error);
        var counted = string.Join("; ", results.Counted);
        if (counted.Length > 0) text.AppendLine($"Acknowledged and counted in the database afterwards: {counted}.");
        text.AppendLine().AppendLine(machine).AppendLine().AppendLine(CultureInfo.InvariantCulture, $"`{command}`");
        return text.ToString();
    }

    private static string Paced(LoadOptions options) => options.Rate is { } rate
        ? string.Create(CultureInfo.InvariantCulture, $" and {rate:N0} requests a second in all")
        : "";

    private static void Servers(StringBuilder text, List<ServerUse> servers)
    {
        if (servers.Count == 0) return;
        text.AppendLine("| server | start s | memory idle MiB | memory at most MiB |").AppendLine("|---|---|---|---|");
        foreach (var (target, start, idle, peak) in servers)
        {
            text.AppendLine(string.Create(
                CultureInfo.InvariantCulture, $"| {target} | {start:N2} | {idle:N0} | {peak:N0} |"));
        }
        text.AppendLine();
    }

    private static void Row(
        StringBuilder text, Workload workload, string target, IReadOnlyList<Measurement> rounds,
        IReadOnlyList<Measurement>[] measures)
    {
        var median = Median(rounds, m => m.RequestsPerSecond);
        var ratios = string.Join(" | ", measures.Select(measure => Ratio(rounds, measure)));
        text.AppendLine(string.Create(CultureInfo.InvariantCulture,
            $"| {workload} | {target} "
            + $"| {median:N0} ({rounds.Min(m => m.RequestsPerSecond):N0}–{rounds.Max(m => m.RequestsPerSecond):N0}) "
            + $"| {ratios} | {Latency(0.5)} | {Latency(0.95)} | {Latency(0.99)} | {Longest()} "
            + $"| {Cost(m => m.ServerMicroseconds)} | {Cost(m => m.DatabaseMicroseconds)} "
            + $"| {rounds.Sum(m => m.Errors)} |"));

        string Latency(double share) => workload.IsTransfer()
            ? "–"
            : Median(rounds, m => m.Latency.Milliseconds(share)).ToString("N2", CultureInfo.InvariantCulture);

        string Longest() => workload.IsTransfer()
            ? "–"
            : (rounds.Max(m => m.Latency.MaxMicroseconds) / 1000.0).ToString("N1", CultureInfo.InvariantCulture);

        string Cost(Func<Measurement, double?> cost) => rounds.All(m => cost(m) is null)
            ? "–"
            : Median(rounds, m => cost(m) ?? 0).ToString("N0", CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// The median of each round's ratio: what a machine does changes from minute to minute, but less within a round.
    /// </summary>
    private static string Ratio(IReadOnlyList<Measurement> rounds, IReadOnlyList<Measurement> measure)
    {
        var ratios = rounds.Zip(measure, (round, one) => round.RequestsPerSecond / one.RequestsPerSecond)
            .Where(double.IsFinite).ToArray();
        return ratios.Length == 0 ? "–" : Median(ratios).ToString("N2", CultureInfo.InvariantCulture);
    }

    private static double Median(IReadOnlyList<Measurement> rounds, Func<Measurement, double> value) =>
        Median([.. rounds.Select(value)]);

    private static double Median(double[] values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1
            ? sorted[sorted.Length / 2]
            : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
