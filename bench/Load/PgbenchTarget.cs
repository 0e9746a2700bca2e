using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace Orderly.Bench.Load;

/// <summary>
/// PostgreSQL's own benchmark tool doing the statements that an order needs, one order a transaction, with nothing
/// around them: no HTTP, no JSON, no checks. It is the measure for the others: once in the service's own tables,
/// once with the lines of an order as rows of their own. The scripts are in a folder of the target's name.
/// </summary>
internal sealed partial class PgbenchTarget(string name, PrivatePostgres postgres, LoadOptions options)
    : Target(name, postgres, options)
{
    private const string SampleText =
        """
        {"services":[{"id":"service-7","name":"Service number 7","quantity":2,"fee":26.50},{"id":"service-14",
        "name":"Service number 14","quantity":1,"fee":33.50}],"adjustment":0.00,"currency":"USD",
        "metadata":{"region":"eu"}}
        """;

    private const int Threads = 2;

    // Logging every transaction would slow down the fastest scripts; one in ten gives the same percentiles.
    private const double LoggedShare = 0.1;

    /// <summary>The first version of orders that were not copied yet.</summary>
    private const string NextRows =
        """
        create temp table if not exists next_rows (order_id uuid primary key, number bigint not null);
        truncate next_rows;
        insert into next_rows
        select order_id, number from orders where version = 1 and number > @last order by number limit @most;
        select count(*), max(number) from next_rows
        """;

    /// <summary>What an import leaves.</summary>
    private static readonly (string Table, string Rows)[] CopiedRows =
    [
        ("orders", "select o.* from next_rows join orders o using (order_id) order by number"),
        ("order_references", "select r.* from next_rows join order_references r using (order_id) order by number"),
        ("revisions", "select r.* from next_rows n join revisions r using (order_id) order by n.number"),
        ("pending", "select order_id, 1 from next_rows order by number"),
    ];

    private readonly Dictionary<Workload, string[]> chosen = [];
    private string text = SampleText;
    private DirectoryInfo? scripts;
    private int runs;
    private long lastCopied;

    /// <summary>How long the text of an order is; the service's own is taken over where it is measured, too.</summary>
    public int TextCharacters { get; init; }

    /// <summary>The service, where it is measured, too: COPY moves the same rows as its streams and imports.</summary>
    public Target? Service { get; init; }

    public override bool Does(Workload workload) =>
        !workload.IsTransfer() || (Name is TargetNames.Pgbench && Service is not null);

    protected override async Task StartCore(DirectoryInfo directory)
    {
        scripts = directory.CreateSubdirectory(Name);
        if (TextCharacters > 0) text = text.PadRight(TextCharacters, 'x')[..TextCharacters];
        var sources = Path.Combine(Repository.Root, "bench", "Load", Name);
        var ownSchema = Path.Combine(sources, "schema.sql");
        var migrations = Path.Combine(Repository.Root, "src", "Orderly.Server", "Database", "Migrations");
        var schema = File.Exists(ownSchema) ? [ownSchema] : Directory.GetFiles(migrations, "*.sql");
        foreach (var file in schema.Order(StringComparer.Ordinal))
            await Execute(Database, await File.ReadAllTextAsync(file));
        foreach (var file in Directory.GetFiles(sources, "*.sql"))
        {
            var lines = await File.ReadAllLinesAsync(file);
            var script = Path.GetFileNameWithoutExtension(file);
            await File.WriteAllLinesAsync(Script(script), lines);
            var plain = lines.Where(line => !line.Contains("pipeline", StringComparison.Ordinal));
            await File.WriteAllLinesAsync(Script(script + "-plain"), plain);
        }
    }

    protected override async Task<long> Seed()
    {
        var sql = await File.ReadAllTextAsync(Script("seed"));
        await SecondaryIndexes.FillWithout(Database, sql, new("orders", Options.Orders), new("text", text));
        return Options.Orders;
    }

    protected override async Task<Measurement> MeasureCore(Workload workload, TimeSpan warmUp)
    {
        if (workload == Workload.Stream) return await CopyOut(warmUp);
        if (workload == Workload.Import) return await CopyIn();
        long acknowledged = 0;
        var warmUpSeconds = Math.Max(1, (int)warmUp.TotalSeconds);
        if (!chosen.TryGetValue(workload, out var best))
        {
            // With and without pipelining, whichever is faster; these runs are the warm-up as well.
            var candidates = Candidates(workload);
            if (candidates is [var only] && Options.Quick) best = only;
            double fastest = 0;
            foreach (var candidate in best is null ? candidates : [])
            {
                var trial = await Run(candidate, warmUpSeconds);
                acknowledged += trial.Acknowledged;
                if (trial.RequestsPerSecond <= fastest) continue;
                fastest = trial.RequestsPerSecond;
                best = candidate;
            }
            chosen[workload] = best ?? throw new BenchException($"pgbench did nothing for {workload}.");
        }
        else
        {
            acknowledged += (await Run(best, warmUpSeconds)).Acknowledged;
        }
        var measured = await Run(chosen[workload], Options.Seconds);
        return measured with { Acknowledged = measured.Acknowledged + acknowledged };
    }

    private string[][] Candidates(Workload workload)
    {
        // One order in ten has a reference.
        string[][] all = workload switch
        {
            Workload.Create when File.Exists(Script("create-with-reference")) =>
            [
                ["create@9", "create-with-reference@1"],
                ["create-plain@9", "create-with-reference-plain@1"],
            ],
            Workload.Create => [["create"], ["create-plain"]],
            Workload.Read => [["read"]],
            Workload.List => [["list"], ["list-plain"]],
            Workload.Update => [["update"], ["update-plain"]],
            _ => throw new InvalidOperationException($"{workload} has no script."),
        };
        return Options.Quick ? all[..1] : all;
    }

    private async Task<Measurement> Run(string[] weighted, int seconds)
    {
        runs++;
        var logPrefix = Path.Combine(scripts!.FullName, Invariant($"log-{runs}"));
        var start = new ProcessStartInfo(Path.Combine(PostgresTools.Directory(), "pgbench"),
        [
            "--no-vacuum", "--protocol=prepared", Invariant($"--client={Options.Connections}"),
            Invariant($"--jobs={Threads}"), Invariant($"--time={seconds}"), Invariant($"--random-seed={runs}"),
            "--log", $"--log-prefix={logPrefix}", Invariant($"--sampling-rate={LoggedShare}"),
            "-D", "made=0", "-D", Invariant($"run={runs}"), "-D", Invariant($"orders={Options.Orders}"),
            "-D", Invariant($"clients={Options.Connections}"), "-D", $"text={text}",
            .. Options.Rate is { } rate ? (string[])[Invariant($"--rate={rate}")] : [],
            .. weighted.SelectMany(script => (string[])["-f", Weighted(script)]),
        ]);
        SetLibpqEnvironment(start);
        var output = await ChildProcess.RunTool(start);
        return new Measurement(
            double.Parse(Tps().Match(output).Groups["tps"].Value, CultureInfo.InvariantCulture),
            await ReadLatencies(logPrefix),
            long.Parse(Processed().Match(output).Groups["count"].Value, CultureInfo.InvariantCulture),
            Unknown: 0,
            Errors: 0,
            FirstError: null);
    }

    private async Task<Measurement> CopyOut(TimeSpan warmUp)
    {
        var warm = await TableCopy.CountOut(Service!.Database, warmUp);
        var measured = TimeSpan.FromSeconds(Options.Seconds);
        return Measurement.OfTransfer(await TableCopy.CountOut(Service.Database, measured), measured, warm);
    }

    /// <summary>Rows that have not been copied yet, and are read meanwhile, which is not counted.</summary>
    private async Task<Measurement> CopyIn()
    {
        await using var source = new NpgsqlConnection(Service!.Database.ConnectionString);
        await source.OpenAsync();
        await using var target = new NpgsqlConnection(Database.ConnectionString);
        await target.OpenAsync();
        var (taken, copied, start) = (0.0, 0L, Stopwatch.GetTimestamp());
        do
        {
            var (seconds, orders) = await CopyBatch(source, target);
            if (orders == 0) break;
            taken += seconds;
            copied += orders;
        }
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < Options.Seconds);
        if (copied == 0) throw new BenchException("The service has stored no orders that could be copied.");
        return Measurement.OfTransfer(copied, TimeSpan.FromSeconds(taken), warmUpOrders: 0);
    }

    private async Task<(double Seconds, long Orders)> CopyBatch(NpgsqlConnection source, NpgsqlConnection target)
    {
        await using var next = new NpgsqlCommand(NextRows, source)
        {
            Parameters = { new("last", lastCopied), new("most", Options.RowsOfImport) },
        };
        long orders;
        await using (var found = await next.ExecuteReaderAsync())
        {
            await found.ReadAsync();
            orders = found.GetInt64(0);
            if (orders == 0) return (0, 0);
            lastCopied = found.GetInt64(1);
        }
        var seconds = 0.0;
        foreach (var (table, rows) in CopiedRows)
        {
            var kept = Path.Combine(scripts!.FullName, "copied");
            seconds += await TableCopy.Into(target, table, source, rows, kept);
        }
        return (seconds, orders);
    }

    private static async Task<LatencyHistogram> ReadLatencies(string logPrefix)
    {
        // A line of the log: client, number, time in µs, script, and when.
        var latency = new LatencyHistogram();
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(logPrefix)!, Path.GetFileName(logPrefix) + ".*"))
        {
            await foreach (var line in File.ReadLinesAsync(file))
                latency.Add(long.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture));
            File.Delete(file);
        }
        return latency;
    }

    private string Script(string name) => Path.Combine(scripts!.FullName, name + ".sql");

    private string Weighted(string script) =>
        script.Split('@') is [var name, var weight] ? $"{Script(name)}@{weight}" : Script(script);

    protected override async Task VerifyMore(List<string> differences, long rows, long versions)
    {
        var revisions = await Number("select count(*) from revisions");
        if (revisions != versions)
            differences.Add($"{Name}: {versions} versions were written, the log holds {revisions}.");
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    [GeneratedRegex(@"^tps = (?<tps>[\d.]+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Tps();

    [GeneratedRegex(@"actually processed: (?<count>\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Processed();
}
