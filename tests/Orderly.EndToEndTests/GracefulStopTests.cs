using Npgsql;
using Orderly.EndToEndTests.Running;
using Orderly.EndToEndTests.Work;

namespace Orderly.EndToEndTests;

/// <summary>A server is told to stop, or exchanged for another version, while callers keep it busy.</summary>
[Collection(Soak.OneAtATime)]
public sealed class GracefulStopTests(ITestOutputHelper output)
{
    private const int Callers = 12;
    private const int ConnectingCallers = 24;
    private const int Stops = 10;
    private const int ExchangeCallers = 6;
    private const int Answers = 400;
    private const int PatienceSeconds = 30;

    /// <summary>As version 2 would add a channel to orders: the server before knows nothing of it.</summary>
    private static readonly (string, string) Expand = ("9001_expand",
        """
        alter table orders add column channel text not null default 'web';
        alter table revisions add column channel text;
        create table channels (id text constraint channels_pkey primary key, name text not null);
        create index orders_channel on orders (channel);
        """);

    /// <summary>As version 3 would take away what version 2 does not use any more.</summary>
    private static readonly (string, string) Contract = ("9002_contract",
        """
        drop index orders_channel;
        alter table orders drop column channel;
        alter table revisions drop column channel;
        drop table channels;
        """);

    private const int PollMilliseconds = 20;
    private const string WaitsForTable =
        "select count(*) > 0 from pg_locks where not granted and relation = 'orders'::regclass";

    [Fact]
    public async Task Told_to_stop_under_full_load_a_server_answers_all_that_it_took_and_refuses_the_rest()
    {
        await using var installation = await StartAsync();
        var callers = new PlainCallers(Callers);
        await StopBusyAsync(installation, callers);
        callers.Refusals.ShouldBeGreaterThan(0, "who came later was told so");
    }

    /// <summary>Time and again: a connection that comes at the last moment is a matter of microseconds.</summary>
    [Fact(Explicit = true)]
    public async Task Told_to_stop_while_callers_connect_anew_for_each_request_a_server_loses_none()
    {
        await using var installation = await StartAsync();
        for (var stop = 0; stop < Stops; stop++)
        {
            await StopBusyAsync(installation, new PlainCallers(ConnectingCallers, keepConnections: false));
            await installation.Servers[0].StartAsync();
        }
    }

    [Fact(Explicit = true)]
    public async Task Servers_are_exchanged_for_newer_versions_of_the_schema_without_a_failed_request()
    {
        await using var installation = await StartAsync();
        var directory = Directory.CreateTempSubdirectory("orderly-newer-");
        try
        {
            var second = NewerServer.Make(Path.Combine(directory.FullName, "2"), Expand);
            var third = NewerServer.Make(Path.Combine(directory.FullName, "3"), Expand, Contract);
            var callers = new PlainCallers(ExchangeCallers) { Ports = PortsOf(installation) };
            callers.Start();
            await callers.AnswerMoreAsync(callers.Ports[0], Answers, PatienceSeconds);

            await ExchangeAllAsync(installation, callers, second);
            (await HasChannelAsync(installation)).ShouldBeTrue();
            await ExchangeAllAsync(installation, callers, third);
            (await HasChannelAsync(installation)).ShouldBeFalse();

            await callers.StopAsync();
            callers.Lost.ShouldBeEmpty();
            callers.Unexpected.ShouldBeEmpty(Said(installation));
            await CompareAsync(installation.Servers[0], callers);
            await RefusedAsync(installation);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>By .ci/upgrade, which builds the version before.</summary>
    [Fact(Explicit = true)]
    public async Task Servers_of_the_version_before_are_exchanged_for_this_one_without_a_failed_request()
    {
        var before = Environment.GetEnvironmentVariable("ORDERLY_SERVER_BEFORE");
        Assert.SkipWhen(before is null, "The version before is not built: .ci/upgrade does it.");
        await using var installation = await StartAsync(before);
        var schema = await SchemaAsync(installation);
        var callers = new PlainCallers(ExchangeCallers) { Ports = PortsOf(installation) };
        callers.Start();
        await callers.AnswerMoreAsync(callers.Ports[0], Answers, PatienceSeconds);

        await ExchangeAllAsync(installation, callers, ServerProcess.Built);

        await callers.StopAsync();
        (await SchemaAsync(installation)).ShouldBeGreaterThan(schema);
        callers.Unexpected.ShouldBeEmpty();
        output.WriteLine($"{callers.Lost.Count} were lost by servers of the version before");
        await CompareAsync(installation.Servers[0], callers);
    }

    /// <summary>Stops the first server while it is kept busy; the other has all that was acknowledged.</summary>
    private static async Task StopBusyAsync(Installation installation, PlainCallers callers)
    {
        var (stopped, other) = (installation.Servers[0], installation.Servers[1]);
        callers.Ports = [stopped.DirectAddress.Port];
        callers.Start();
        await callers.AnswerMoreAsync(stopped.DirectAddress.Port, Answers, PatienceSeconds);

        (await stopped.StopAsync()).ShouldBe(0);

        await callers.StopAsync();
        callers.Lost.ShouldBeEmpty();
        callers.Unexpected.ShouldBeEmpty();
        await CompareAsync(other, callers);
    }

    /// <summary>One after the other; in between, a server of each version works on the new schema.</summary>
    private async Task ExchangeAllAsync(Installation installation, PlainCallers callers, string assembly)
    {
        foreach (var server in installation.Servers)
        {
            (await server.StopAsync()).ShouldBe(0);
            server.Assembly = assembly;
            if (server == installation.Servers[0])
            {
                await MigrateBesideALongReadAsync(installation, callers);
            }
            else
            {
                await server.StartAsync();
            }

            callers.Ports = PortsOf(installation);
            foreach (var port in callers.Ports)
            {
                await callers.AnswerMoreAsync(port, Answers, PatienceSeconds);
            }
        }

        output.WriteLine($"{callers.Acknowledged.Count} orders, {callers.Refusals} refused connections");
    }

    /// <summary>Somebody reads the table for long, so it can't be changed: the others write on meanwhile.</summary>
    private static async Task MigrateBesideALongReadAsync(Installation installation, PlainCallers callers)
    {
        Task starting;
        await using (var reader = new NpgsqlConnection(installation.ConnectionString))
        {
            await reader.OpenAsync(TestContext.Current.CancellationToken);
            await using var transaction = await reader.BeginTransactionAsync(TestContext.Current.CancellationToken);
            await using var read = new NpgsqlCommand("select count(*) from orders", reader);
            await read.ExecuteScalarAsync(TestContext.Current.CancellationToken);
            starting = installation.Servers[0].StartAsync();
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(PatienceSeconds));
            while (!(await installation.QueryAsync(WaitsForTable, row => row.GetBoolean(0)))[0])
            {
                await Task.Delay(PollMilliseconds, patience.Token);
            }

            await callers.AnswerMoreAsync(installation.Servers[1].DirectAddress.Port, 2 * Answers, PatienceSeconds);
            starting.IsCompleted.ShouldBeFalse();
        }

        await starting;
    }

    /// <summary>The first version does not start on a schema that it does not know.</summary>
    private static async Task RefusedAsync(Installation installation)
    {
        var refused = await BackupScripts.CommandAsync(
            "migrate", ("ConnectionStrings__Orderly", installation.ConnectionString));
        refused.ExitCode.ShouldBe(3, refused.Output);
        refused.Output.ShouldContain("has migration 9001_expand, which this version of Orderly does not know");
    }

    private static async Task<Installation> StartAsync(string? assembly = null)
    {
        var installation = await Installation.StartAsync([], assembly ?? ServerProcess.Built);
        using var client = new OrderlyClient(installation.Servers[0].Address, bug: null);
        (await client.SendAsync(HttpMethod.Put, "/services/deep-clean", """{"name": "Deep clean", "fee": 20}"""))
            .IsSuccess.ShouldBeTrue();
        return installation;
    }

    /// <summary>What the servers logged: warnings and errors.</summary>
    private static string Said(Installation installation) =>
        string.Join('\n',
            installation.Servers.SelectMany(server => server.Lines).Where(line => line.StartsWith('{')));

    private static int[] PortsOf(Installation installation) =>
        [.. installation.Servers.Select(server => server.DirectAddress.Port)];

    private static async Task<int> SchemaAsync(Installation installation) => (await installation.QueryAsync(
        "select max(version) from schema_migrations", row => row.GetInt32(0)))[0];

    private static async Task<bool> HasChannelAsync(Installation installation) => (await installation.QueryAsync(
        "select count(*) > 0 from information_schema.columns where table_name = 'orders' and column_name = 'channel'",
        row => row.GetBoolean(0)))[0];

    /// <summary>All that was acknowledged is there, as it was acknowledged.</summary>
    private static async Task CompareAsync(ServerProcess server, PlainCallers callers)
    {
        using var client = new OrderlyClient(server.DirectAddress, bug: null);
        callers.Acknowledged.Count.ShouldBeGreaterThan(Answers / 10);
        foreach (var (id, (version, marker)) in callers.Acknowledged)
        {
            var order = await client.GetAsync($"/orders/{id}");
            order.Status.ShouldBe(200);
            (OrderFactsReader.Version(order.Body), OrderFactsReader.Read(order.Body).Marker)
                .ShouldBe((version, marker));
        }
    }
}
