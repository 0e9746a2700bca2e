using System.Collections.Concurrent;
using Npgsql;
using Orderly.Server.Database;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>The server's connections are killed while it writes.</summary>
public sealed class LostConnectionTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const int Writers = 20;
    private const int WritesEach = 12;
    private const int Kills = 15;

    [Fact]
    public async Task Every_acknowledged_write_is_there_exactly_once()
    {
        var paths = new List<string>();
        for (var i = 0; i < Writers; i++)
        {
            paths.Add(await server.PlaceOldAsync());
        }

        var acknowledged = new ConcurrentBag<Reply>();
        var writers = paths.Select(path => WriteAsync(path, acknowledged)).ToArray();
        for (var kill = 0; kill < Kills; kill++)
        {
            await server.Database.ExecuteAsync(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                + "where datname = current_database() and application_name ~ '^orderly-(write|read)'");
        }

        await Task.WhenAll(writers);
        server.Log.TakeErrors().ShouldAllBe(entry => entry.Event.Id == 3001);

        var placed = acknowledged.Where(reply => reply.Status == 201).Select(reply => Guid.Parse(reply.Id)).ToArray();
        placed.Length.ShouldBeGreaterThan(0);
        placed.ShouldBeUnique();
        (await server.Database.SingleAsync<long>("select count(*) from orders where order_id = any ($1)", placed))
            .ShouldBe(placed.Length);
        foreach (var updated in acknowledged.Where(reply => reply.Status == 200))
        {
            (await server.Api.GetAsync($"/orders/{updated.Id}/revisions/{updated.Version}")).ShouldBe(200)
                .Raw("order/notes").ShouldBe(updated.Raw("notes"));
        }

        await ShouldBeWholeAsync();
        await server.Api.PlaceAsync();
    }

    [Fact]
    public async Task Who_gets_no_connection_after_one_was_lost_is_not_told_that_nothing_was_stored()
    {
        await server.Database.ExecuteAsync(
            """
            create role scarce login password 'scarce';
            grant all on all tables in schema public to scarce;
            grant all on all sequences in schema public to scarce;
            create function planted_wait() returns trigger language plpgsql as 'begin perform pg_sleep(5); end';
            create trigger planted before insert on orders execute function planted_wait()
            """);
        var settings = new NpgsqlConnectionStringBuilder(server.Database.ConnectionString)
        {
            Username = "scarce", Password = "scarce",
        };
        await using var database = DataSources.ForWrites(settings.ConnectionString, log: null);
        await using var writer = server.NewWriter(database);

        var stored = writer.StoreAsync(
            AWrite.New(await server.Database.SingleAsync<long>("select epoch from catalog_epoch")));
        const string Waiting = "from pg_stat_activity where usename = 'scarce' and wait_event = 'PgSleep'";
        await Patience.UntilAsync(async () =>
            await server.Database.SingleAsync<long>($"select count(*) {Waiting}") == 1);
        await server.Database.ExecuteAsync("alter role scarce connection limit 0");
        await server.Database.ExecuteAsync($"select pg_terminate_backend(pid) {Waiting}");

        await Should.ThrowAsync<UncertainWriteException>(() => stored);
        await server.Database.ExecuteAsync("drop trigger planted on orders");
    }

    /// <summary>Refused with 503 a write may or may not be there; anything else would be wrong.</summary>
    private async Task WriteAsync(string path, ConcurrentBag<Reply> acknowledged)
    {
        for (var i = 0; i < WritesEach; i++)
        {
            foreach (var reply in (Reply[])
            [
                await server.Api.PostAsync("/orders", AnOrder.With($"\"notes\": \"{i}\"")),
                await server.Api.PatchAsync(path, $$"""{"notes": "{{i}}"}"""),
            ])
            {
                if (reply.Status == 503)
                {
                    reply.ShouldRefuse(503, "database-unavailable").Header("Retry-After").ShouldNotBeNull();
                }
                else
                {
                    reply.Status.ShouldBeOneOf(200, 201);
                    acknowledged.Add(reply);
                }
            }
        }
    }

    /// <summary>Each order's revisions are 1 to its version, each once among those that wait for the feed.</summary>
    private async Task ShouldBeWholeAsync()
    {
        (await server.Database.ListAsync<Guid>(
            $"""
            select o.order_id from orders o
            where o.version <> (select count(*) from revisions r where r.order_id = o.order_id)
                or o.version <> (select max(version) from revisions r where r.order_id = o.order_id)
                or o.version <> (select count(*) from {TestDatabase.Logged} where logged.order_id = o.order_id)
                or o.write_id <> (select write_id from revisions r
                                  where r.order_id = o.order_id and r.version = o.version)
            """)).ShouldBeEmpty();
        (await server.Database.SingleAsync<long>(
            "select count(*) from revisions r where not exists (select from orders o where o.order_id = r.order_id)"))
            .ShouldBe(0);
    }
}
