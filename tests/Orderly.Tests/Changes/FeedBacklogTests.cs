using Orderly.Server.Changes;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Changes;

/// <summary>After an import millions may wait for the feed; a move of some must not go through all of them.</summary>
public sealed class FeedBacklogTests(TestCluster cluster)
{
    private const int Waiting = 40_000;

    private const string Fill =
        """
        insert into revisions
            (order_id, version, write_id, kind, recorded_at, actor, status, deleted, content, totalfee_stated, hash)
        select gen_random_uuid(), 1, gen_random_uuid(), 'placed', now(), 'key', 'placed', false, '{}', true,
            sha256(int4send(i))
        from generate_series(1, $1) i
        """;

    [Fact]
    public async Task A_move_takes_the_oldest_and_leaves_the_others()
    {
        await using var database = await FilledAsync();
        await using var connection = await database.OpenAsync();

        var moved = await FeedStore.MoveAsync(connection, TestContext.Current.CancellationToken);

        moved.ShouldNotBeNull().ShouldBeInRange(1_000, Waiting - 1);
        (await database.SingleAsync<long>("select count(*) from pending")).ShouldBe(Waiting - moved.Value);
        (await database.SingleAsync<long>(
            "select count(*) from feed f join pending p using (order_id, version)")).ShouldBe(0);
        (await database.SingleAsync<bool>(
            "select (select max(order_id::text) from feed) < (select min(order_id::text) from pending)"))
            .ShouldBeTrue();
        (await database.SingleAsync<long>(
            "select count(distinct position) from feed where position <= $1", moved.Value)).ShouldBe(moved.Value);
    }

    [Fact]
    public async Task What_was_moved_is_removed_by_its_place_in_the_table()
    {
        await using var database = await FilledAsync();
        await using var connection = await database.OpenAsync();
        await FeedStore.MoveAsync(connection, TestContext.Current.CancellationToken);
        await database.ExecuteAsync("analyze pending, feed");

        var plan = string.Join('\n', await database.ListAsync<string>(
            "explain " + FeedStore.RemoveMoved.Replace("$1", "(select 17::bigint)", StringComparison.Ordinal)));

        plan.ShouldContain("Tid Scan on pending");
        plan.ShouldContain("Index Scan using pending_pkey");
        plan.ShouldNotContain("Join");
    }

    private async Task<TestDatabase> FilledAsync()
    {
        var database = await cluster.CloneAsync();
        await database.ExecuteAsync(Fill, Waiting);
        await database.ExecuteAsync("insert into pending (order_id, version) select order_id, version from revisions");
        await database.ExecuteAsync("analyze pending, feed");
        return database;
    }
}
