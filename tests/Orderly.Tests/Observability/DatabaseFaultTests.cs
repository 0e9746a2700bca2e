using System.Diagnostics;
using Npgsql;
using Orderly.EmbeddedPostgres;
using Orderly.Tests.EmbeddedPostgres;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Observability;

/// <summary>
/// A real database is stopped, made read-only, filled up and left without connections under a running server. What it
/// can't do is refused at once with an answer that says so, never with a fault of the service, and it goes on by
/// itself.
/// </summary>
public sealed class DatabaseFaultTests : IAsyncLifetime
{
    private const int QuickSeconds = 3;
    private const int RecoverySeconds = 2;
    private const int PatienceSeconds = 30;
    private const int Callers = 30;
    private const int FullAfterOrdersMax = 5_000;

    private readonly TemporaryClusters _clusters = new();
    private EmbeddedCluster _cluster = null!;
    private OwnServer _server = null!;
    private string? _mount;

    public async ValueTask InitializeAsync()
    {
        _cluster = await StartClusterAsync();
        _server = new OwnServer(_cluster.ConnectionString);
        await _server.InitializeAsync();
        _server.Log.TakeErrors();
    }

    public async ValueTask DisposeAsync()
    {
        _server.Log.TakeErrors().ShouldAllBe(entry => entry.Event.Id == 3001);
        await _server.DisposeAsync();
        await _cluster.DisposeAsync();
        await _clusters.DisposeAsync();
        if (_mount is not null)
        {
            await RunAsync("umount", _mount);
            Directory.Delete(_mount);
        }
    }

    private Task<EmbeddedCluster> StartClusterAsync() =>
        EmbeddedCluster.StartAsync(Options, TestContext.Current.CancellationToken);

    private EmbeddedClusterOptions Options => _clusters.Options with
    {
        Settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["max_connections"] = "40", ["superuser_reserved_connections"] = "0",
        },
    };

    [Fact]
    public async Task A_database_that_is_down_is_told_at_once_and_found_again_when_it_is_back()
    {
        var id = await _server.Api.PlaceAsync();
        (await _server.Api.GetAsync("/metrics")).ShouldBe(200);
        await _cluster.DisposeAsync();

        foreach (var send in (Func<Task<Reply>>[])
        [
            () => _server.Api.PostAsync("/orders", AnOrder.Least),
            () => _server.Api.GetAsync("/orders/" + id),
            () => _server.Api.GetAsync("/orders"),
            () => _server.Api.GetAsync("/orders", ("Accept", "text/csv")),
            () => _server.Api.GetAsync("/changes"),
            () => _server.Api.GetAsync("/health/ready"),
        ])
        {
            var since = Stopwatch.GetTimestamp();
            var reply = (await send()).ShouldRefuse(503, "database-unavailable");
            Stopwatch.GetElapsedTime(since).TotalSeconds.ShouldBeLessThan(QuickSeconds);
            reply.Header("Retry-After").ShouldBe("1");
        }

        (await _server.Api.GetAsync("/health/live")).ShouldBe(200);
        (await _server.Api.GetAsync("/health/ready")).Text.ShouldContain("failed: ", customMessage: "to this key");
        await UntilAsync(async () =>
            (await _server.Api.GetAsync("/metrics")).ShouldBe(200).Text.Contains("orderly_database_up")
            && (await _server.Api.GetAsync("/metrics")).Text.Split('\n')
                .Any(line => line.StartsWith("orderly_database_up") && line.Contains("} 0")));

        _cluster = await StartClusterAsync();
        var back = Stopwatch.GetTimestamp();
        await UntilAsync(async () =>
            (await _server.Api.PostAsync("/orders", AnOrder.Least)).Status == 201
            && (await _server.Api.GetAsync("/orders")).Status == 200
            && (await _server.Api.GetAsync("/health/ready")).Status == 200);
        Stopwatch.GetElapsedTime(back).TotalSeconds.ShouldBeLessThan(RecoverySeconds);
        await UntilAsync(() => Task.FromResult(_server.Log.Entries.Any(entry => entry.Event.Id == 2007)));
    }

    [Fact]
    public async Task A_database_that_only_reads_goes_on_answering_reads()
    {
        var id = await _server.Api.PlaceAsync();
        await SetAsync("default_transaction_read_only", "on");
        await UntilAsync(async () => (await _server.Api.PostAsync("/orders", AnOrder.Least)).Status == 503);

        var replies = await Task.WhenAll(Enumerable.Range(0, Callers)
            .Select(_ => _server.Api.PostAsync("/orders", AnOrder.Least)));
        foreach (var reply in replies)
        {
            reply.ShouldRefuse(503, "database-unavailable").String("detail")!.ShouldContain("only reads");
        }

        foreach (var path in (string[])["/orders/" + id, "/orders", "/changes", "/services"])
        {
            (await _server.Api.GetAsync(path)).ShouldBe(200);
        }

        (await _server.Api.DeleteAsync("/orders/" + id)).ShouldRefuse(503, "database-unavailable");
        (await _server.Api.PutAsync("/services/new", """{"name": "New"}"""))
            .ShouldRefuse(503, "database-unavailable");
        (await _server.Api.PostAsync("/keys", """{"name": "n", "role": "viewer"}"""))
            .ShouldRefuse(503, "database-unavailable");
        (await _server.Api.GetAsync("/health/ready")).ShouldBe(200).String("status").ShouldBe("degraded");

        await SetAsync("default_transaction_read_only", "off");
        await UntilAsync(async () => (await _server.Api.PostAsync("/orders", AnOrder.Least)).Status == 201);
        (await _server.Api.GetAsync("/health/ready")).ShouldBe(200).String("status").ShouldBe("ready");
    }

    [Fact]
    public async Task A_hot_standby_answers_reads_and_takes_writes_once_it_is_promoted()
    {
        var id = await _server.Api.PlaceAsync();
        await _cluster.DisposeAsync();
        await File.WriteAllTextAsync(
            Path.Combine(_clusters.Data, "standby.signal"), "", TestContext.Current.CancellationToken);
        _cluster = await StartClusterAsync();

        await UntilAsync(async () => (await _server.Api.GetAsync("/orders/" + id)).Status == 200);
        (await _server.Api.PostAsync("/orders", AnOrder.Least)).ShouldRefuse(503, "database-unavailable")
            .String("detail")!.ShouldContain("only reads");
        (await _server.Api.GetAsync("/health/ready")).ShouldBe(200).String("status").ShouldBe("degraded");
        foreach (var path in (string[])["/orders", "/changes", "/services"])
        {
            (await _server.Api.GetAsync(path)).ShouldBe(200);
        }

        await _server.Database.ExecuteAsync("select pg_promote()");
        var promoted = Stopwatch.GetTimestamp();
        await UntilAsync(async () => (await _server.Api.PostAsync("/orders", AnOrder.Least)).Status == 201);
        Stopwatch.GetElapsedTime(promoted).TotalSeconds.ShouldBeLessThan(RecoverySeconds);
        (await _server.Api.GetAsync("/health/ready")).ShouldBe(200).String("status").ShouldBe("ready");
    }

    [Fact]
    public async Task Without_a_connection_left_requests_are_refused_and_none_is_a_fault()
    {
        var id = await _server.Api.PlaceAsync();
        var taken = new List<NpgsqlConnection>();
        try
        {
            await _server.Database.ExecuteAsync(
                "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() "
                + "and datname = current_database()");
            while (await TryOpenAsync() is { } connection)
            {
                taken.Add(connection);
            }

            var replies = new List<Reply>();
            for (var round = 0; round < 3; round++)
            {
                replies.AddRange(await Task.WhenAll(Enumerable.Range(0, Callers).Select(number => (number % 3) switch
                {
                    0 => _server.Api.PostAsync("/orders", AnOrder.Least),
                    1 => _server.Api.GetAsync("/orders/" + id),
                    _ => _server.Api.GetAsync("/orders?limit=5"),
                })));
            }

            replies.ShouldAllBe(reply => reply.Status == 200 || reply.Status == 201 || reply.Status == 503);
            var refused = replies.Where(reply => reply.Status == 503).ToList();
            refused.ShouldNotBeEmpty();
            refused.ShouldAllBe(reply => reply.Header("Retry-After") == "1");
        }
        finally
        {
            foreach (var connection in taken)
            {
                await connection.DisposeAsync();
            }
        }

        await UntilAsync(async () => (await _server.Api.PostAsync("/orders", AnOrder.Least)).Status == 201
            && (await _server.Api.GetAsync("/orders?limit=5")).Status == 200);
    }

    [Fact]
    public async Task A_full_disk_refuses_writes_and_goes_on_answering_reads()
    {
        var mount = Directory.CreateTempSubdirectory("orderly-full-").FullName;
        if (await RunAsync("mount", "-t", "tmpfs", "-o", "size=4m,mode=0777", "tmpfs", mount) != 0)
        {
            Directory.Delete(mount);
            Assert.Skip("A file system of a few MB can't be made here.");
        }

        _mount = mount;
        var tablespace = Path.Combine(mount, "space");
        Directory.CreateDirectory(tablespace);
        (await RunAsync("chown", "--reference=" + _clusters.Data, tablespace)).ShouldBe(0);
        await _server.Database.ExecuteAsync($"create tablespace small location '{tablespace}'");
        await _server.Database.ExecuteAsync("alter table revisions set tablespace small");
        var id = await _server.Api.PlaceAsync();

        Reply reply;
        var count = 0;
        do
        {
            reply = await _server.Api.PostAsync("/orders", AnOrder.With($"\"notes\": \"{Noise(3_000)}\""));
        }
        while (reply.Status == 201 && count++ < FullAfterOrdersMax);

        reply.ShouldRefuse(503, "database-unavailable").String("detail")!.ShouldContain("no room left");
        (await _server.Api.GetAsync("/orders/" + id)).ShouldBe(200);
        (await _server.Api.GetAsync("/orders")).ShouldBe(200);
        (await _server.Database.SingleAsync<long>("select count(*) from orders")).ShouldBe(
            await _server.Database.SingleAsync<long>("select count(*) from revisions where version = 1"));

        await _server.Database.ExecuteAsync("alter table revisions set tablespace pg_default");
        await UntilAsync(async () => (await _server.Api.PostAsync("/orders", AnOrder.Least)).Status == 201);
    }

    private async Task SetAsync(string name, string value)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(_cluster.ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        foreach (var sql in (string[])[$"alter system set {name} = {value}", "select pg_reload_conf()"])
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
    }

    private async Task<NpgsqlConnection?> TryOpenAsync()
    {
        try
        {
            return await _server.Database.OpenAsync();
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.TooManyConnections)
        {
            return null;
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        var since = Stopwatch.GetTimestamp();
        while (!await isSo())
        {
            Stopwatch.GetElapsedTime(since).TotalSeconds.ShouldBeLessThan(PatienceSeconds);
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Text that does not compress.</summary>
    private static string Noise(int length) =>
        Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(length / 2));

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    /// <summary>A server on a cluster of its own.</summary>
    private sealed class OwnServer(string connectionString) : RunningServer(cluster: null)
    {
        protected override Task<TestDatabase> OpenDatabaseAsync() =>
            Task.FromResult(new TestDatabase(connectionString));
    }
}
