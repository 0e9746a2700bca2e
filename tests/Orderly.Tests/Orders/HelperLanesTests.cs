using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using Orderly.Server.Database;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>Where the database is slow for each write, groups go beside each other; nothing else changes.</summary>
public sealed class HelperLanesTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const int Orders = 16;
    private const int WritersEach = 2;
    private const int Kills = 3;
    private const int KillMilliseconds = 250;
    private const int BusySecondsMax = 20;

    private const string SlowDown =
        """
        create or replace function planted_wait() returns trigger language plpgsql as $$
        begin
            perform pg_sleep(0.004);
            return new;
        end $$;
        create trigger planted before insert or update on orders for each row execute function planted_wait()
        """;

    private const string Helpers =
        "from pg_stat_activity where datname = current_database() and application_name like 'orderly-write-helper-%'";

    [Fact]
    public async Task Rivals_in_several_lanes_whose_connections_are_killed_lose_nothing()
    {
        var paths = new List<string>();
        for (var i = 0; i < Orders; i++)
        {
            paths.Add(await server.PlaceOldAsync());
        }

        await server.Database.ExecuteAsync(SlowDown);
        using var done = new CancellationTokenSource();
        var acknowledged = new ConcurrentBag<Reply>();
        var writers = paths.SelectMany(path => Enumerable.Repeat(path, WritersEach))
            .Select((path, writer) => WriteAsync(path, writer, acknowledged, done.Token)).ToArray();
        await Patience.UntilAsync(async () => await CountHelpersAsync() > 0);
        for (var kill = 0; kill < Kills; kill++)
        {
            await Task.Delay(KillMilliseconds, TestContext.Current.CancellationToken);
            await server.Database.ExecuteAsync($"select pg_terminate_backend(pid) {Helpers}");
        }

        await server.Database.ExecuteAsync("drop trigger planted on orders");
        await done.CancelAsync();
        await Task.WhenAll(writers);

        server.Log.ShouldHoldNoError();
        acknowledged.Select(reply => (reply.Id, reply.Version)).ShouldBeUnique();
        foreach (var order in acknowledged.GroupBy(reply => reply.Id))
        {
            (await server.Database.ListAsync<int>(
                "select version from revisions where order_id = $1 order by version", Guid.Parse(order.Key)))
                .ShouldBe(Enumerable.Range(1, 1 + order.Count()));
            var last = order.MaxBy(reply => reply.Version)!;
            (await server.Api.GetAsync("/orders/" + order.Key)).Text.ShouldBe(last.Text);
        }
    }

    [Fact]
    public async Task Where_helpers_find_no_connection_the_first_lane_does_their_work()
    {
        await using var good = DataSources.ForWrites(server.Database.ConnectionString, log: null);
        using var dead = new TcpListener(IPAddress.Loopback, port: 0);
        dead.Start();
        var refused = dead.AcceptSocketAsync(TestContext.Current.CancellationToken).AsTask();
        await using var nowhere = NpgsqlDataSource.Create(
            $"Host=127.0.0.1;Port={((IPEndPoint)dead.LocalEndpoint).Port};Username=nobody;Timeout=1");
        await using var writer = server.NewWriter(
            new WriteDataSource(good.Source, good.OfLane(0), [nowhere, nowhere, nowhere]));
        var epoch = await server.Database.SingleAsync<long>("select epoch from catalog_epoch");

        await server.Database.ExecuteAsync(SlowDown);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(BusySecondsMax));
        await Task.WhenAll(Enumerable.Range(0, Orders * WritersEach).Select(async _ =>
        {
            while (!refused.IsCompleted)
            {
                deadline.Token.ThrowIfCancellationRequested();
                (await writer.StoreAsync(AWrite.New(epoch))).Receipt.ShouldNotBeNull();
            }

            (await refused).Close();
            (await writer.StoreAsync(AWrite.New(epoch))).Receipt.ShouldNotBeNull();
        }));
        await server.Database.ExecuteAsync("drop trigger planted on orders");
    }

    private async Task WriteAsync(string path, int writer, ConcurrentBag<Reply> acknowledged, CancellationToken done)
    {
        for (var i = 0; !done.IsCancellationRequested; i++)
        {
            var reply = await server.Api.PatchAsync(path, $$"""{"notes": "{{writer}}, {{i}}"}""");
            acknowledged.Add(reply.ShouldBe(200));
        }
    }

    private Task<long> CountHelpersAsync() => server.Database.SingleAsync<long>($"select count(*) {Helpers}");
}
