using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Npgsql;

namespace Orderly.Bench.Load;

/// <summary>A server in a process of its own, driven through the orders API.</summary>
internal abstract class HttpTarget(string name, PrivatePostgres postgres, LoadOptions options)
    : Target(name, postgres, options)
{
    private const int ReadyTimeoutSeconds = 60;

    /// <summary>So many come through the API; what is asked for beyond them is grown from them.</summary>
    private const int FirstOrdersMax = 10_000;

    /// <summary>So many of them are read and updated, anywhere among all.</summary>
    private const int SampledOrdersMax = 100_000;

    private const int GrowTimeoutSeconds = 600;

    /// <summary>A made-up key, known to the benchmark's own servers only.</summary>
    internal const string Key = "bench-key-of-the-load-benchmark-000000";

    // Of the first orders nine in ten have no reference, and so can be copied.
    private const int GrownOrders = 8_000;

    private ChildProcess? server;
    private byte[][] ids = [];

    protected override int? ServerProcessId => server?.ProcessId;

    protected Uri Address { get; private set; } = new("http://127.0.0.1");

    /// <summary>From the start of the process until it says that it is ready, its tables made.</summary>
    public double StartSeconds { get; private set; }

    /// <summary>When it had just said so.</summary>
    public double? IdleMebibytes { get; private set; }

    /// <summary>At most, so far.</summary>
    public double? PeakMebibytes => MemoryUse.ResidentMax(ServerProcessId);

    public override async ValueTask DisposeAsync()
    {
        if (server is not null) await server.DisposeAsync();
        await base.DisposeAsync();
    }

    private async Task<byte[][]> Sample()
    {
        await using var connection = new NpgsqlConnection(Database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            $"select {IdColumn}::text from orders order by random() limit $1", connection)
        {
            CommandTimeout = GrowTimeoutSeconds,
            Parameters = { new() { Value = SampledOrdersMax } },
        };
        await using var reader = await command.ExecuteReaderAsync();
        var sampled = new List<byte[]>();
        while (await reader.ReadAsync()) sampled.Add(Encoding.ASCII.GetBytes(reader.GetString(0)));
        return [.. sampled];
    }

    protected static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    protected static string FreeUrl() => FormattableString.Invariant($"http://127.0.0.1:{FreePort()}");

    protected abstract string IdColumn { get; }

    protected abstract Task<ProcessStartInfo> Prepare(DirectoryInfo directory);

    protected override async Task StartCore(DirectoryInfo directory)
    {
        var start = await Prepare(directory);
        var since = Stopwatch.GetTimestamp();
        (server, Address) = await ChildProcess.StartServer(start, TimeSpan.FromSeconds(ReadyTimeoutSeconds));
        StartSeconds = Stopwatch.GetElapsedTime(since).TotalSeconds;
        IdleMebibytes = MemoryUse.Resident(ServerProcessId);
        using var http = new HttpClient { BaseAddress = Address };
        http.DefaultRequestHeaders.Add("X-Api-Key", Key);
        for (var i = 0; i < OrderRequests.ServiceRecords; i++)
        {
            using var answer = await http.PutAsJsonAsync(
                string.Create(CultureInfo.InvariantCulture, $"/services/service-{i}"),
                new { name = $"Service number {i}", fee = 19.5m + i });
            answer.EnsureSuccessStatusCode();
        }
        await FeatureCheck.Run(Name, Address, Key);
    }

    protected override async Task<long> Seed()
    {
        var perConnection = Math.Min(Options.Orders, FirstOrdersMax) / Options.Connections;
        var created = new byte[perConnection * Options.Connections][];
        var measurement = await new LoadGenerator(Address, Key, [], Options.Connections).Seed(perConnection, created);
        if (measurement.Acknowledged != created.Length)
            throw new BenchException($"{Name} did not take the first orders. {measurement.FirstError}");
        ids = created;
        return created.Length + FeatureCheck.OrdersLeft;
    }

    protected override async Task<long> Grow()
    {
        var copies = (Options.Orders - ids.Length) / GrownOrders;
        if (copies < 1) return 0;
        var sql = Path.Combine(Repository.Root, "bench", "Load", "grow", Name + ".sql");
        var before = await Number("select count(*) from orders");
        await SecondaryIndexes.FillWithout(
            Database, await File.ReadAllTextAsync(sql), new("each", GrownOrders), new("copies", copies));
        ids = await Sample();
        await Settle();
        return await Number("select count(*) from orders") - before;
    }

    protected override async Task<Measurement> MeasureCore(Workload workload, TimeSpan warmUp)
    {
        var measured = TimeSpan.FromSeconds(Options.Seconds);
        if (workload.IsTransfer())
        {
            using var caller = new TransferCaller(Address, Key, Options.RowsOfImport);
            return await caller.Run(workload, warmUp, measured);
        }
        return await new LoadGenerator(Address, Key, ids, Options.Connections, Options.Rate)
            .Run(workload, warmUp, measured);
    }
}

/// <summary>The service itself, published and started as its users start it.</summary>
internal sealed class OrderlyTarget(PrivatePostgres postgres, LoadOptions options)
    : HttpTarget(TargetNames.Orderly, postgres, options)
{
    private const int SettleTimeoutSeconds = 1_800;
    private const int PollMilliseconds = 50;

    protected override string IdColumn => "order_id";

    protected override string? BackdateSql =>
        "update orders set created_at = created_at - interval '4 hours', updated_at = updated_at - interval '4 hours'";

    public async Task<int> ContentCharacters() =>
        (int)await Number("select coalesce(round(avg(char_length(content))), 0)::bigint from orders");

    protected override async Task<ProcessStartInfo> Prepare(DirectoryInfo directory)
    {
        var published = await Repository.Publish("src/Orderly.Server/Orderly.Server.csproj", directory, Name);
        return OrderlyServer.StartInfo(published, Database, Path.Combine(published, "data"), FreeUrl());
    }

    // The feed is filled a moment after the writes; it has to catch up before the next target is measured. A server
    // that does not fill it has nothing to wait for.
    protected override async Task Settle()
    {
        var start = Stopwatch.GetTimestamp();
        while (await Number("select count(*) from (select from pending limit 1) waiting") > 0
            && await Number("select count(*) from (select from feed limit 1) shown") > 0)
        {
            if (Stopwatch.GetElapsedTime(start).TotalSeconds > SettleTimeoutSeconds)
                throw new BenchException($"The feed has not caught up after {SettleTimeoutSeconds} s.");
            await Task.Delay(PollMilliseconds);
        }
    }

    protected override async Task VerifyMore(List<string> differences, long rows, long versions)
    {
        var revisions = await Number("select count(*) from revisions");
        if (revisions != versions)
            differences.Add($"{Name}: {versions} versions were written, the log holds {revisions}.");
        var visible = await Number("select (select count(*) from feed) + (select count(*) from pending)");
        if (visible != revisions)
            differences.Add($"{Name}: the log holds {revisions} revisions, the feed {visible}.");
    }
}

/// <summary>Express 5 and pg, one process.</summary>
internal sealed class ExpressTarget(PrivatePostgres postgres, LoadOptions options)
    : HttpTarget(TargetNames.Express, postgres, options)
{
    protected override string IdColumn => "id";

    protected override string? BackdateSql => "update orders set created_at = created_at - interval '4 hours'";

    protected override async Task<ProcessStartInfo> Prepare(DirectoryInfo directory)
    {
        var source = Path.Combine(Repository.Root, "bench", "peers", "express");
        var installed = directory.CreateSubdirectory(Name).FullName;
        foreach (var file in Directory.GetFiles(source))
            File.Copy(file, Path.Combine(installed, Path.GetFileName(file)));
        await ChildProcess.RunTool(new("npm", ["ci", "--silent", "--omit=dev"]) { WorkingDirectory = installed });
        var start = new ProcessStartInfo("node", ["server.js"])
        {
            WorkingDirectory = installed,
            Environment =
            {
                ["NODE_ENV"] = "production",
                ["API_KEY"] = Key,
                ["PORT"] = FreePort().ToString(CultureInfo.InvariantCulture),
            },
        };
        SetLibpqEnvironment(start);
        return start;
    }
}

/// <summary>ASP.NET Core minimal API and EF Core.</summary>
internal sealed class EfCoreTarget(PrivatePostgres postgres, LoadOptions options)
    : HttpTarget(TargetNames.EfCore, postgres, options)
{
    protected override string IdColumn => "\"Id\"";

    protected override string? BackdateSql => "update orders set created_at = created_at - interval '4 hours'";

    protected override async Task<ProcessStartInfo> Prepare(DirectoryInfo directory)
    {
        var published = await Repository.Publish("bench/peers/EfCore/Orderly.Bench.EfCore.csproj", directory, Name);
        return new ProcessStartInfo("dotnet", [Path.Combine(published, "Orderly.Bench.EfCore.dll")])
        {
            WorkingDirectory = published,
            Environment =
            {
                ["ConnectionStrings__Orders"] = Database.ConnectionString,
                ["ApiKey"] = Key,
                ["urls"] = FreeUrl(),
            },
        };
    }
}
