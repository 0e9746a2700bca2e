using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using Orderly.EmbeddedPostgres;
using static Orderly.Tests.EmbeddedPostgres.TemporaryClusters;

namespace Orderly.Tests.EmbeddedPostgres;

public sealed class ClusterRecoveryTests(MadeCluster made) : IAsyncDisposable
{
    private static readonly TimeSpan limit = TimeSpan.FromSeconds(20);
    private readonly TemporaryClusters temporary = new();

    public ValueTask DisposeAsync() => temporary.DisposeAsync();

    [Fact]
    public async Task A_killed_server_process_is_started_again_behind_the_same_connection_string()
    {
        await made.CopyToAsync(temporary.Root);
        // Without durability a killed server may forget what it acknowledged.
        var cluster = await temporary.StartAsync(temporary.Options with { Durable = true });
        var connectionString = cluster.ConnectionString;
        await AskAsync<int>(cluster, "CREATE TABLE kept AS SELECT 1 AS one; SELECT one FROM kept");
        var died = cluster.PostmasterPid;

        var restarted = KillAndAwaitRestart(cluster);

        (await restarted).ShouldNotBe(died);
        cluster.PostmasterPid.ShouldBe(await restarted);
        cluster.ConnectionString.ShouldBe(connectionString);
        (await AskAsync<int>(cluster, "SELECT one FROM kept")).ShouldBe(1);
        temporary.Lines.ShouldContain(line => line == $"PostgreSQL (process {died}) died; starting it again");
    }

    [Fact]
    public async Task A_busy_session_that_outlives_its_killed_server_process_does_not_stop_the_restart()
    {
        await made.CopyToAsync(temporary.Root);
        var cluster = await temporary.StartAsync();
        await using var connection = new NpgsqlConnection(cluster.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        // The first row shows that the endless rest is being computed.
        await using var command = new NpgsqlCommand(
            "SELECT 1 UNION ALL SELECT sum(n)::int FROM generate_series(1, 1e12::bigint) AS n", connection);
        command.CommandTimeout = 60;
        var busy = command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
        await AwaitActiveAsync(cluster);

        await KillAndAwaitRestart(cluster);

        await Should.ThrowAsync<NpgsqlException>(() => busy);
        (await AskAsync<int>(cluster, "SELECT 1")).ShouldBe(1);
    }

    [Fact]
    public async Task A_postmaster_file_that_names_a_process_of_another_program_is_stale()
    {
        await made.CopyToAsync(temporary.Root);
        // PostgreSQL itself believes the number only of a process of its own user.
        var account = await PostgresProcess.ChooseAccountAsync(temporary.Data, TestContext.Current.CancellationToken);
        using var other = account is null
            ? Process.Start("sleep", ["60"])
            : Process.Start("setpriv", [$"--reuid={account.UserId}", "--clear-groups", "sleep", "60"]);
        try
        {
            await WritePostmasterFileAsync(other.Id);
            (await AskAsync<int>(await temporary.StartAsync(), "SELECT 1")).ShouldBe(1);
            other.HasExited.ShouldBeFalse();
        }
        finally
        {
            other.Kill();
        }
    }

    [Fact]
    public async Task A_postmaster_file_that_names_no_process_is_stale()
    {
        await made.CopyToAsync(temporary.Root);
        using var ended = Process.Start("true");
        await ended.WaitForExitAsync(TestContext.Current.CancellationToken);
        await WritePostmasterFileAsync(ended.Id);

        (await AskAsync<int>(await temporary.StartAsync(), "SELECT 1")).ShouldBe(1);
    }

    [Fact]
    public async Task The_server_process_is_in_a_session_of_its_own_so_that_ctrl_c_does_not_reach_it()
    {
        await made.CopyToAsync(temporary.Root);
        var cluster = await temporary.StartAsync();

        SessionOf(cluster.PostmasterPid).ShouldBe(cluster.PostmasterPid);
        SessionOf(Environment.ProcessId).ShouldNotBe(cluster.PostmasterPid);
    }

    [Fact]
    public async Task A_configured_port_is_on_loopback_too_and_a_taken_one_is_refused_by_name()
    {
        await made.CopyToAsync(temporary.Root);
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var options = temporary.Options with { Port = port };

        var failure = await temporary.StartFailsAsync(options);
        failure.Message.ShouldContain($"Port {port}");
        failure.Message.ShouldContain("set another port");

        taken.Stop();
        var cluster = await temporary.StartAsync(options);
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(cluster.ConnectionString) { Host = "127.0.0.1", Pooling = false }
                .ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        connection.Port.ShouldBe(port);
        cluster.Port.ShouldBe(port);
    }

    [Fact]
    public async Task A_stop_that_takes_too_long_becomes_an_immediate_one_which_the_next_start_recovers_from()
    {
        await made.CopyToAsync(temporary.Root);
        var cluster = await temporary.StartAsync(temporary.Options with
        {
            Durable = true,
            StopTimeout = TimeSpan.FromTicks(1),
        });
        await AskAsync<int>(cluster, "CREATE TABLE kept AS SELECT 7 AS seven; SELECT seven FROM kept");
        await cluster.StopAsync(TestContext.Current.CancellationToken);
        temporary.Lines.ShouldContain(line => line.EndsWith("stopping it immediately"));

        (await AskAsync<int>(await temporary.StartAsync(), "SELECT seven FROM kept")).ShouldBe(7);
    }

    [Fact]
    public async Task A_cancelled_first_start_leaves_nothing_that_hinders_the_next()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var options = temporary.Options with { Progress = _ => cancel.Cancel() };
        await Should.ThrowAsync<OperationCanceledException>(() => EmbeddedCluster.StartAsync(options, cancel.Token));

        (await temporary.StartAsync()).IsNew.ShouldBeTrue();
        Directory.GetDirectories(temporary.Home, "data.unfinished-*").ShouldBeEmpty();
    }

    [Fact]
    public void The_delay_before_a_restart_doubles_up_to_half_a_minute()
    {
        ClusterSupervisor.DelayBefore(0).ShouldBe(TimeSpan.FromMilliseconds(50));
        ClusterSupervisor.DelayBefore(1).ShouldBe(TimeSpan.FromMilliseconds(100));
        ClusterSupervisor.DelayBefore(999).ShouldBe(TimeSpan.FromSeconds(30));
    }

    private static async Task<int> KillAndAwaitRestart(EmbeddedCluster cluster)
    {
        var restarted = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Restarted += (_, restart) => restarted.TrySetResult(restart.PostmasterPid);
        using var process = Process.GetProcessById(cluster.PostmasterPid);
        process.Kill();
        return await restarted.Task.WaitAsync(limit, TestContext.Current.CancellationToken);
    }

    private static async Task AwaitActiveAsync(EmbeddedCluster cluster)
    {
        const string active = "SELECT count(*) FROM pg_stat_activity"
            + " WHERE query LIKE '%1e12%' AND pid <> pg_backend_pid() AND state = 'active'";
        while (await AskAsync<long>(cluster, active) == 0)
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    private async Task WritePostmasterFileAsync(int pid)
    {
        string[] lines =
        [
            pid.ToString(CultureInfo.InvariantCulture), temporary.Data, "1700000000", "5432",
            Path.Combine(temporary.Home, "run"), "", "   123456    654321", "ready   ",
        ];
        var file = Path.Combine(temporary.Data, "postmaster.pid");
        await File.WriteAllLinesAsync(file, lines, TestContext.Current.CancellationToken);
        File.SetUnixFileMode(file, ClusterDirectory.OwnerFile | UnixFileMode.OtherRead);
        var socketLock = Path.Combine(temporary.Home, "run", ".s.PGSQL.5432.lock");
        await File.WriteAllLinesAsync(socketLock, lines[..5], TestContext.Current.CancellationToken);
        File.SetUnixFileMode(socketLock, ClusterDirectory.OwnerFile | UnixFileMode.OtherRead);
    }

    // The sixth field of the line, counted after the name, which may hold spaces.
    private static int SessionOf(int pid) =>
        int.Parse(File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1].Split(' ')[3], CultureInfo.InvariantCulture);
}
