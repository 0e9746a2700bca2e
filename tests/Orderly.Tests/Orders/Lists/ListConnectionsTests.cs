using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders.Lists;

/// <summary>What lists and histories are read by may break, and may be taken by others.</summary>
public sealed class ListConnectionsTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const int Lists = 18;

    [Theory]
    [InlineData("orderly-list", "/orders?status=placed")]
    [InlineData("orderly-list", "/orders?status=placed&count=exact&limit=1")]
    [InlineData("orderly-list", "/orders?status=placed&count=estimate&limit=1")]
    [InlineData("orderly-read", "/orders")]
    [InlineData("orderly-read", "/orders/{id}/revisions")]
    [InlineData("orderly-read", "/orders/{id}/revisions/1")]
    [InlineData("orderly-read", "/services")]
    [InlineData("orderly-read", "/services?count=exact&limit=1")]
    [InlineData("orderly-read", "/keys")]
    [InlineData("orderly-read", "/keys/bootstrap")]
    public async Task A_list_is_answered_though_its_connection_broke_while_it_rested(string pool, string path)
    {
        for (var i = 0; i < 2; i++)
        {
            path = path.Replace("{id}", await server.Api.PlaceAsync(), StringComparison.Ordinal);
        }

        (await server.Api.GetAsync(path)).ShouldBe(200);
        await server.AfterBreakAsync(pool, async () => (await server.Api.GetAsync(path)).ShouldBe(200));
    }

    /// <summary>Six lists have all connections for as long as a list may take, and so keep the others from them.</summary>
    [Fact]
    public async Task Lists_past_those_that_can_be_looked_for_are_told_of_too_much_work_and_not_of_a_lost_database()
    {
        await server.Api.PlaceAsync();
        await using var holder = await server.Database.OpenAsync();
        await using var transaction = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var hold = holder.CreateCommand())
        {
            hold.CommandText = "lock table orders in access exclusive mode";
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var replies = await Task.WhenAll(
            Enumerable.Range(0, Lists).Select(_ => server.Api.GetAsync("/orders?status=placed")));
        await transaction.RollbackAsync(TestContext.Current.CancellationToken);

        replies.Select(reply => reply.String("code")).ShouldBeSubsetOf(["list-too-broad", "overloaded"]);
        replies.ShouldContain(reply => reply.String("code") == "overloaded");
        replies.Where(reply => reply.Status == 503).ShouldAllBe(reply => reply.Header("Retry-After") != null);
        (await server.Api.GetAsync("/orders?status=placed")).ShouldBe(200);
    }
}
