using System.Diagnostics;
using System.Globalization;
using System.Text;
using Npgsql;

namespace Orderly.Bench.Load;

/// <summary>
/// Compares a stream of all orders with <c>psql \copy</c> of the same columns, and an import with a bare binary COPY
/// of the rows that it left into the same tables of an empty database.
/// </summary>
internal sealed class TransferRun(BulkOptions options, DirectoryInfo directory)
{
    public const string Command = "transfer";
    private const string Streams = "streams";
    private const string Imports = "imports";
    private const string Csv = "text/csv";
    private const int OrdersMin = 1_000;
    private const int Rounds = 3;
    private const int SampleMilliseconds = 50;
    private const int SqlTimeoutSeconds = 7_200;

    private const string Empty = "truncate orders, order_references, revisions, pending, feed";

    private const string Stored =
        "select least((select count(*) from orders), (select count(*) from revisions), "
        + "(select count(*) from feed) + (select count(*) from pending))";

    private readonly int orders = options.Orders;

    private static readonly string[] ImportedTables = ["orders", "order_references", "revisions", "pending"];

    public static BulkOptions Parse(string[] arguments) =>
        BulkOptions.Parse(arguments, 200_000, OrdersMin, Streams, Imports);

    public async Task<string> Run(string command)
    {
        await using var postgres = await PrivatePostgres.Start(options.ClusterIn(directory));
        var published = await Repository.Publish("src/Orderly.Server/Orderly.Server.csproj", directory, "server");
        var report = new StringBuilder();
        report.AppendLine(CultureInfo.InvariantCulture, $"`{command}`").AppendLine()
            .AppendLine(await MachineDescription.Of(postgres)).AppendLine();
        report.AppendLine(CultureInfo.InvariantCulture,
                $"{orders:N0} orders, medians of {Rounds} interleaved rounds (min–max).").AppendLine()
            .AppendLine("| transfer | orders/s | COPY orders/s | × COPY | server's memory over idle, MB |")
            .AppendLine("|---|---:|---:|---:|---:|");
        if (options.Only is null or Imports)
        {
            await MeasureImports(postgres, published, await Open(postgres, "imported"), report);
        }
        if (options.Only is null or Streams)
        {
            var filled = await FilledDatabase.Open(
                postgres, published, options.ServerDataIn(directory), orders, options.Within);
            await MeasureStreams(published, filled, report);
        }
        return report.ToString();
    }

    private async Task MeasureImports(
        PrivatePostgres postgres, string published, NpgsqlConnectionStringBuilder database, StringBuilder report)
    {
        var (server, http) = await Start(published, database);
        await using var running = server;
        using var client = http;
        var idle = Resident(server);
        var service = new StringContent("""{"name": "Deep clean", "fee": 59.95}""", Encoding.UTF8, "application/json");
        (await client.PutAsync(new Uri("/services/deep-clean", UriKind.Relative), service)).EnsureSuccessStatusCode();
        await Import(client, "each", "warm", OrdersMin);
        var bare = await Open(postgres, "bare", published);
        foreach (var mode in (string[])["atomic", "each"])
        {
            var (taken, copied, memory) = (new List<double>(), new List<double>(), 0.0);
            for (var round = 0; round < Rounds; round++)
            {
                await Sql(database, Empty);
                var (seconds, used) = await Watch(server, () => Import(client, mode, mode, orders));
                taken.Add(seconds);
                memory = Math.Max(memory, used);
                if (await Count(database, Stored) != orders)
                    throw new BenchException("Not all orders, revisions or entries of the feed are there.");
                await Sql(bare, Empty);
                copied.Add(await CopyInto(bare, database));
            }
            Note(report, $"import, {mode}", taken, copied, memory - idle);
        }
    }

    private async Task MeasureStreams(string published, NpgsqlConnectionStringBuilder database, StringBuilder report)
    {
        var (server, http) = await Start(published, database);
        await using var running = server;
        using var client = http;
        var idle = Resident(server);
        var live = await Count(database, "select count(*) from orders where deleted_at is null");
        foreach (var format in (string[])[OrderTransfers.NdJson, Csv])
        {
            await Stream(client, format, live);
            var (taken, copied, memory) = (new List<double>(), new List<double>(), 0.0);
            for (var round = 0; round < Rounds; round++)
            {
                copied.Add(await Time(() => TableCopy.Out(database)));
                var (seconds, used) = await Watch(server, () => Stream(client, format, live));
                taken.Add(seconds);
                memory = Math.Max(memory, used);
            }
            Note(report, $"stream, {format}", taken, copied, memory - idle);
        }
    }

    private void Note(StringBuilder report, string what, List<double> taken, List<double> copied, double overIdle)
    {
        taken.Sort();
        copied.Sort();
        var (middle, reference) = (taken[Rounds / 2], copied[Rounds / 2]);
        var line = string.Create(CultureInfo.InvariantCulture,
            $"| {what} | {orders / middle:N0} ({orders / taken[^1]:N0}–{orders / taken[0]:N0}) "
            + $"| {orders / reference:N0} | {reference / middle:N2} | {overIdle:N0} |");
        report.AppendLine(line);
        Console.Error.WriteLine(line);
    }

    private async Task<NpgsqlConnectionStringBuilder> Open(
        PrivatePostgres postgres, string name, string? migratedBy = null)
    {
        await Sql(postgres.ConnectionString("postgres"), "drop database if exists " + name);
        await Sql(postgres.ConnectionString("postgres"), "create database " + name);
        var database = postgres.ConnectionString(name);
        if (migratedBy is not null)
        {
            var (server, http) = await Start(migratedBy, database);
            http.Dispose();
            await server.DisposeAsync();
        }
        return database;
    }

    private async Task<(ChildProcess Server, HttpClient Http)> Start(
        string published, NpgsqlConnectionStringBuilder database)
    {
        var (server, http) = await OrderlyServer.Start(published, database, options.ServerDataIn(directory));
        http.Timeout = TimeSpan.FromSeconds(SqlTimeoutSeconds);
        return (server, http);
    }

    /// <summary>How long it took, and how much memory the server had at most meanwhile, in MB.</summary>
    private static async Task<(double Seconds, double Megabytes)> Watch(ChildProcess server, Func<Task> work)
    {
        var most = Resident(server);
        var start = Stopwatch.GetTimestamp();
        var running = work();
        while (await Task.WhenAny(running, Task.Delay(SampleMilliseconds)) != running)
        {
            most = Math.Max(most, Resident(server));
        }
        await running;
        return (Stopwatch.GetElapsedTime(start).TotalSeconds, most);
    }

    private static double Resident(ChildProcess server)
    {
        using var process = Process.GetProcessById(server.ProcessId);
        return process.WorkingSet64 / 1e6;
    }

    private static async Task<double> Time(Func<Task> work)
    {
        var start = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task Stream(HttpClient http, string format, long live)
    {
        var (path, expected) = format is Csv ? ("/orders?csv=lines", (2 * live) + 1) : ("/orders", live);
        var lines = await OrderTransfers.CountLines(http, path, format);
        if (lines != expected) throw new BenchException($"{lines} lines of {format} were sent, {expected} expected.");
    }

    /// <summary>Every tenth has a reference.</summary>
    private static Task Import(HttpClient http, string mode, string tag, int count) => OrderTransfers.Import(
        http, mode, Enumerable.Range(0, count).Select(i =>
        {
            var reference = i % 10 == 0 ? $"\"reference\":\"{tag}-{i}\"," : "";
            return (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(
                $"{{\"datetime\":\"2026-11-23T09:30:00Z\",{reference}\"services\":["
                + "{\"id\":\"deep-clean\",\"quantity\":2},{\"id\":\"deep-clean\",\"fee\":20.50}],"
                + $"\"metadata\":{{\"region\":\"eu\",\"customer\":\"c-{i / 10}\"}}}}\n");
        }));

    /// <summary>The seconds that COPY takes for the same rows; reading them is not counted.</summary>
    private async Task<double> CopyInto(
        NpgsqlConnectionStringBuilder target, NpgsqlConnectionStringBuilder source)
    {
        await using var from = new NpgsqlConnection(source.ConnectionString);
        await from.OpenAsync();
        await using var to = new NpgsqlConnection(target.ConnectionString);
        await to.OpenAsync();
        var seconds = 0.0;
        foreach (var table in ImportedTables)
        {
            // What the feed has taken over was pending before.
            var rows = table is "pending" ? "select order_id, version from revisions" : "select * from " + table;
            seconds += await TableCopy.Into(to, table, from, rows, Path.Combine(directory.FullName, "copied"));
        }
        return seconds;
    }

    private static async Task<long> Count(NpgsqlConnectionStringBuilder database, string sql)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = SqlTimeoutSeconds };
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task Sql(NpgsqlConnectionStringBuilder database, string sql)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
