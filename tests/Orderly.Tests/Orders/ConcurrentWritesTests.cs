using Microsoft.Extensions.DependencyInjection;
using Orderly.Server.Changes;
using Orderly.Server.Database;
using Orderly.Server.Orders;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>Many writes at once: nothing is lost, doubled or mixed up.</summary>
public sealed class ConcurrentWritesTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const int RivalRounds = 20;
    private const int RivalWrites = 60;

    private readonly Api _api = server.Api;

    private static Task<Reply[]> AllAsync(int count, Func<int, Task<Reply>> send) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(send));

    [Fact]
    public async Task Two_hundred_orders_placed_at_once_are_two_hundred_orders()
    {
        var replies = await AllAsync(200, i =>
            _api.PostAsync("/orders", AnOrder.With($"\"notes\": \"two hundred {i}\"")));

        replies.ShouldAllBe(reply => reply.Status == 201);
        for (var i = 0; i < 200; i++)
        {
            replies[i].String("notes").ShouldBe($"two hundred {i}");
        }

        replies.Select(reply => reply.Id).ShouldBeUnique();
        replies.Select(reply => reply.Raw("number")).ShouldBeUnique();
        var ids = replies.Select(reply => Guid.Parse(reply.Id)).ToArray();
        foreach (var table in (string[])["orders", "revisions", TestDatabase.Logged])
        {
            (await server.Database.SingleAsync<long>(
                $"select count(*) from {table} where order_id = any ($1) and version = 1", ids)).ShouldBe(200, table);
        }

        foreach (var reply in replies)
        {
            (await _api.GetAsync("/orders/" + reply.Id)).Text.ShouldBe(reply.Text);
        }
    }

    [Fact]
    public async Task Of_fifty_updates_of_the_same_version_one_is_done_and_the_others_are_stale()
    {
        var path = await server.PlaceOldAsync();
        var replies = await AllAsync(50, i =>
            _api.PutAsync(path, AnOrder.With($"\"notes\": \"{i}\""), ("If-Match", "\"v1\"")));

        var winner = replies.Where(reply => reply.Status == 200).ShouldHaveSingleItem();
        replies.Count(reply => reply.Status == 412).ShouldBe(49);
        (await _api.GetAsync(path)).Text.ShouldBe(winner.Text);
    }

    [Fact]
    public async Task Fifty_updates_of_whatever_is_current_are_all_done_one_after_the_other()
    {
        var path = await server.PlaceOldAsync();
        var id = Guid.Parse(path["/orders/".Length..]);
        var replies = await AllAsync(50, i => _api.PutAsync(path, AnOrder.With($"\"notes\": \"update {i}\"")));

        replies.ShouldAllBe(reply => reply.Status == 200);
        replies.Select(reply => reply.Version).Order().ShouldBe(Enumerable.Range(2, 50));
        (await server.Database.ListAsync<int>(
            "select version from revisions where order_id = $1 order by version", id))
            .ShouldBe(Enumerable.Range(1, 51));
        foreach (var reply in replies)
        {
            (await _api.GetAsync($"{path}/revisions/{reply.Version}")).ShouldBe(200).Raw("order/notes")
                .ShouldBe(reply.Raw("notes"));
        }

        (await server.Database.SingleAsync<bool>(
            """
            select bool_and(recorded_at > before) from (
                select recorded_at, lag(recorded_at, 1, '-infinity') over (order by version) as before
                from revisions where order_id = $1) as r
            """, id)).ShouldBeTrue();
    }

    [Fact]
    public async Task Of_fifty_orders_with_one_reference_one_is_placed_and_the_others_are_told_which()
    {
        var replies = await AllAsync(50, _ => _api.PostAsync("/orders", AnOrder.With("\"reference\": \"one-of-50\"")));

        var winner = replies.Where(reply => reply.Status == 201).ShouldHaveSingleItem();
        foreach (var loser in replies.Where(reply => reply != winner))
        {
            loser.ShouldRefuse(409, "reference-taken").String("orderId").ShouldBe(winner.Id);
        }

        (await server.Database.SingleAsync<Guid>(
            "select order_id from order_references where reference = 'one-of-50'")).ToString().ShouldBe(winner.Id);
    }

    [Fact]
    public async Task Of_twenty_deletes_at_once_one_is_done_and_the_others_find_nothing()
    {
        var path = await server.PlaceOldAsync();
        var replies = await AllAsync(20, _ => _api.DeleteAsync(path));

        replies.Count(reply => reply.Status == 204).ShouldBe(1);
        replies.Count(reply => reply.Status == 404).ShouldBe(19);
    }

    [Fact]
    public async Task No_order_that_is_sent_after_a_record_was_retired_names_it()
    {
        (await _api.PutAsync("/services/ending", """{"name": "Ending", "fee": 1}""")).ShouldBe(201);
        var retired = false;
        var after = 0;
        async Task PlaceAsync()
        {
            for (var i = 0; i < 30; i++)
            {
                var wasRetired = Volatile.Read(ref retired);
                var reply = await _api.PostAsync("/orders", AnOrder.Of("""["ending"]"""));
                reply.Status.ShouldBeOneOf(wasRetired ? [422] : [201, 422]);
                after += wasRetired ? 1 : 0;
            }
        }

        var writers = Enumerable.Range(0, 8).Select(_ => PlaceAsync()).ToArray();
        (await _api.DeleteAsync("/services/ending")).ShouldBe(204);
        Volatile.Write(ref retired, true);
        await Task.WhenAll(writers);
        await PlaceAsync();
        after.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Every_order_has_a_fee_that_the_record_had_and_never_one_older_than_was_answered_before()
    {
        (await _api.PutAsync("/services/rising", """{"name": "Rising", "fee": 0}""")).ShouldBe(201);
        var answered = 0;
        async Task PlaceAsync()
        {
            for (var i = 0; i < 25; i++)
            {
                var least = Volatile.Read(ref answered);
                var reply = (await _api.PostAsync("/orders", AnOrder.Of("""["rising"]"""))).ShouldBe(201);
                reply.At("services/0/fee").GetInt32().ShouldBeGreaterThanOrEqualTo(least);
            }
        }

        var writers = Enumerable.Range(0, 6).Select(_ => PlaceAsync()).ToArray();
        for (var fee = 1; fee <= 20; fee++)
        {
            (await _api.PatchAsync("/services/rising", $$"""{"fee": {{fee}}}""")).ShouldBe(200);
            Volatile.Write(ref answered, fee);
        }

        await Task.WhenAll(writers);
    }

    [Fact]
    public async Task A_write_that_the_database_refuses_does_not_fail_its_neighbours()
    {
        var writer = server.Services.GetRequiredService<OrderWriter>();
        var epoch = await server.Database.SingleAsync<long>("select epoch from catalog_epoch");
        var good = Enumerable.Range(0, 30).Select(_ => AWrite.New(epoch)).ToArray();
        var bad = AWrite.New(epoch);
        bad = bad with { Content = bad.Content with { TotalFee = -1 } };

        var refused = writer.StoreAsync(bad);
        var outcomes = await Task.WhenAll(good[..15].Select(writer.StoreAsync).Append(refused)
            .Concat(good[15..].Select(writer.StoreAsync)).Where(write => write != refused));

        outcomes.ShouldAllBe(outcome => outcome.Receipt != null);
        (await Should.ThrowAsync<Npgsql.PostgresException>(() => refused)).ConstraintName
            .ShouldBe("orders_totalfee_exact");
        (await server.Database.SingleAsync<long>("select count(*) from orders where order_id = any ($1)",
            good.Append(bad).Select(write => write.OrderId).ToArray())).ShouldBe(30);
    }

    [Fact]
    public async Task A_write_made_at_an_older_epoch_is_not_stored_and_leaves_no_claim()
    {
        var writer = server.Services.GetRequiredService<OrderWriter>();
        var epoch = await server.Database.SingleAsync<long>("select epoch from catalog_epoch");
        var write = AWrite.Named(epoch - 1, "stale-epoch");

        (await writer.StoreAsync(write)).Receipt.ShouldBeNull();
        (await server.Database.ListAsync<Guid>(
            "select order_id from order_references where reference = 'stale-epoch'")).ShouldBeEmpty();
        (await server.Database.ListAsync<int>(
            "select version from revisions where order_id = $1", write.OrderId)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_group_that_is_stored_a_second_time_changes_nothing_and_its_receipts_are_found()
    {
        var epoch = await server.Database.SingleAsync<long>("select epoch from catalog_epoch");
        OrderWrite[] writes = [AWrite.New(epoch), AWrite.New(epoch)];
        await using var connection = await server.Database.OpenAsync();

        var first = await OrderWriteStore.StoreAsync(connection, writes);
        await using var database = DataSources.ForWrites(server.Database.ConnectionString, log: null);
        (await OrderWriteStore.StoreAsync(database, lane: 0, writes, began: [connection.ProcessID], timeoutSeconds: 5))
            .ShouldBe(first, ignoreOrder: true);
        var ids = writes.Select(write => write.OrderId).ToArray();
        (await server.Database.SingleAsync<long>("select count(*) from revisions where order_id = any ($1)", ids))
            .ShouldBe(2);
        (await server.Database.SingleAsync<long>(
            $"select count(*) from {TestDatabase.Logged} where order_id = any ($1)", ids))
            .ShouldBe(2);
    }

    [Fact]
    public async Task Groups_that_claim_the_same_references_and_keys_the_other_way_round_do_not_wait_in_a_circle()
    {
        var epoch = await server.Database.SingleAsync<long>("select epoch from catalog_epoch");
        var stored = await StoreAsRivalsAsync((round, i) =>
        {
            var name = $"rival-{round}-{i:D2}";
            return
            [
                AWrite.Named(epoch, name),
                AWrite.New(epoch) with { Claim = new IdempotencyClaim("test", name, new byte[32], 201) },
            ];
        });

        stored.ShouldBe(RivalRounds * RivalWrites * 2); // half of them claim references, the others keys
    }

    [Fact]
    public async Task Groups_that_change_the_same_orders_the_other_way_round_do_not_wait_in_a_circle()
    {
        var epoch = await server.Database.SingleAsync<long>("select epoch from catalog_epoch");
        var placed = Enumerable.Range(0, RivalWrites).Select(_ => AWrite.New(epoch)).ToArray();
        await using var connection = await server.Database.OpenAsync();
        (await OrderWriteStore.StoreAsync(connection, placed)).Count.ShouldBe(RivalWrites);

        (await StoreAsRivalsAsync((round, i) =>
            [AWrite.Update(placed[i].OrderId, baseVersion: 1 + round) with { UpdatableAfter = null }]))
            .ShouldBe(RivalRounds * RivalWrites);
    }

    /// <summary>Two store the same writes at once, one of them backwards. Returns how many were stored.</summary>
    private async Task<int> StoreAsRivalsAsync(Func<int, int, OrderWrite[]> writes)
    {
        var stored = new int[2];
        await using var database = DataSources.ForWrites(server.Database.ConnectionString, log: null);
        using var together = new Barrier(2);
        await Task.WhenAll(Enumerable.Range(0, 2).Select(rival => Task.Run(() => StoreAsync(rival))));
        return stored.Sum();

        async Task StoreAsync(int rival)
        {
            await using var connection = await database.OfLane(0).OpenConnectionAsync();
            for (var round = 0; round < RivalRounds; round++)
            {
                var group = Enumerable.Range(0, RivalWrites).Select(i => writes(round, i));
                OrderWrite[] ordered = [.. (rival == 0 ? group : group.Reverse()).SelectMany(write => write)];
                together.SignalAndWait(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
                stored[rival] += (await OrderWriteStore.StoreAsync(connection, ordered)).Count;
            }
        }
    }
}
