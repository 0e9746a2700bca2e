using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orderly.Server.Orders;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders.Lists;

/// <summary>What lists and histories are read by may break, and may be taken by others.</summary>
public sealed class ListConnectionsTests(RunningServer server) : IClassFixture<RunningServer>
{
    private static readonly string[] Callers = ["many", "many", "many", "many", "many", "another"];

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

    [Fact]
    public async Task Where_other_lists_have_all_connections_there_is_too_much_work_and_no_lost_database()
    {
        await server.Api.PlaceAsync();
        var places = server.Services.GetRequiredService<ListOrders>().Places;
        foreach (var caller in Callers)
        {
            (await places.TakeAsync(caller, TestContext.Current.CancellationToken)).ShouldBeTrue();
        }

        var refused = (await server.Api.GetAsync("/orders?status=placed")).ShouldRefuse(503, "overloaded");
        refused.Header("Retry-After").ShouldNotBeNull();
        refused.String("detail").ShouldNotBeNull()
            .ShouldStartWith("6 lists with filters or counts run at a time, of one caller 5, ");
        (await server.Api.GetAsync("/orders")).ShouldBe(200);

        var waiting = server.Api.GetAsync("/orders?status=placed");
        foreach (var caller in Callers)
        {
            places.GiveBack(caller);
        }

        (await waiting).ShouldBe(200);
    }

    [Theory]
    [InlineData("/orders?status=placed")]
    [InlineData("/orders?count=exact&limit=1")]
    public async Task A_list_gives_its_place_back(string path)
    {
        for (var i = 0; i <= Callers.Length; i++)
        {
            (await server.Api.GetAsync(path)).ShouldBe(200);
        }
    }

    [Fact]
    public async Task A_table_that_somebody_keeps_locked_makes_no_list_too_broad()
    {
        await using var holder = await server.Database.OpenAsync();
        await using (var hold = new NpgsqlCommand("begin; lock table orders in access exclusive mode", holder))
        {
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        (await server.Api.GetAsync("/orders?status=placed")).ShouldRefuse(503, "database-unavailable")
            .String("detail").ShouldNotBeNull().ShouldContain("locked");

        server.Log.TakeErrors().ShouldHaveSingleItem().Event.Id.ShouldBe(3001);
    }
}
