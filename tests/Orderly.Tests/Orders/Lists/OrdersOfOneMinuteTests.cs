using Orderly.Server.Http;
using Orderly.Server.Orders;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders.Lists;

/// <summary>
/// Lists of orders that all came within a minute, as an import of what another system had leaves them: one span of time
/// holds them all.
/// </summary>
public sealed class OrdersOfOneMinuteTests(DatabaseOfOneMinute database) : IClassFixture<DatabaseOfOneMinute>
{
    private const int PageSize = 51;

    /// <summary>A span by itself would be read as a whole.</summary>
    private const int RowsReadMax = 1_500;

    [Theory]
    [InlineData("service=service-0", false)]
    [InlineData("q=clean", false)]
    [InlineData("metadata.region=eu&team=team-0", false)]
    [InlineData("service=service-0&status=placed", false)]
    [InlineData("service=service-1", true)]
    [InlineData("service=service-1&status=placed", true)]
    [InlineData("service=service-1&q=clean+deep", true)]
    [InlineData("service=service-1&createdAt[gte]=2020-01-01T00:00:10Z", true)]
    [InlineData("service=service-1&createdAt[lt]=2020-01-01T00:00:20Z", true)]
    public async Task A_page_is_walked_to_past_few_orders(string query, bool comparesIndexes)
    {
        foreach (var sorted in (string[])["-createdAt", "createdAt"])
        {
            var (filter, sort) = ListPlanTests.Read(query, sorted);
            foreach (var after in (OrderPosition?[])[null, await database.MiddleAsync(sort)])
            {
                var way = ListWay.Choose(filter, sort, after, PageSize, database.Statistics)!;
                (way.ComparedTerm is not null).ShouldBe(comparesIndexes, sorted);
                await ShouldBeWalkedToAsync(filter, sort, after, way);
            }
        }
    }

    [Theory]
    [InlineData("q=clean", "totalfee", false)]
    [InlineData("q=clean&status=placed", "-number", false)]
    [InlineData("service=service-1", "-datetime", true)]
    [InlineData("service=service-1", "number", true)]
    [InlineData("service=service-1&status=placed", "-updatedAt", true)]
    [InlineData("service=service-1&totalfee[gte]=100&totalfee[lt]=400", "totalfee", true)]
    [InlineData("service=service-1&totalfee[gte]=100&totalfee[lt]=400", "-totalfee", true)]
    [InlineData("service=service-1&number[lt]=20000", "-number", true)]
    public async Task A_page_in_another_order_is_walked_to_past_few_orders(
        string query, string sorted, bool comparesIndexes)
    {
        var (filter, sort) = ListPlanTests.Read(query, sorted);
        foreach (var after in (OrderPosition?[])[null, await database.MiddleAsync(sort)])
        {
            var way = ListWay.Choose(filter, sort, after, PageSize, database.Statistics)!;
            (way.ComparedTerm is not null).ShouldBe(comparesIndexes);
            way.ThenGathers.ShouldBeTrue();
            await ShouldBeWalkedToAsync(filter, sort, after, way);
        }
    }

    [Theory]
    [InlineData("service=service-60", "totalfee")]
    [InlineData("service=service-60", "-number")]
    public void In_another_order_few_are_gathered(string query, string sorted)
    {
        var (filter, sort) = ListPlanTests.Read(query, sorted);
        var way = ListWay.Choose(filter, sort, after: null, PageSize, database.Statistics)!;

        way.WalkedRows.ShouldBe(0);
        way.ThenGathers.ShouldBeTrue();
    }

    [Theory]
    [InlineData("service=service-60")]
    [InlineData("metadata.customer=c-77")]
    [InlineData("q=nothing-of-the-kind")]
    public void Few_are_searched_for(string query)
    {
        var (filter, sort) = ListPlanTests.Read(query, "-createdAt");
        var way = ListWay.Choose(filter, sort, after: null, PageSize, database.Statistics)!;

        way.WalkedRows.ShouldBe(0);
        way.Spans!.TriesAll.ShouldBeTrue();
    }

    /// <summary>A plan that is kept is made without knowing that no order is cancelled: all are placed.</summary>
    [Theory]
    [InlineData("service=service-7&status=cancelled")]
    [InlineData("service=service-7&team=nobody")]
    [InlineData("totalfee[gte]=10&status=cancelled")]
    [InlineData("totalfee[gte]=10&team=nobody")]
    public async Task What_no_order_has_is_not_looked_for_in_all_of_them(string query)
    {
        foreach (var sorted in (string[])["-createdAt", "createdAt"])
        {
            var (filter, sort) = ListPlanTests.Read(query, sorted);
            var way = ListWay.Choose(filter, sort, after: null, PageSize, database.Statistics)!;

            way.WalkedRows.ShouldBeGreaterThan(0);
            var (found, rowsRead) = await database.RunAsync(
                OrderListStore.Walk(filter, sort, after: null, PageSize, way));
            found.ShouldBeEmpty();
            rowsRead.ShouldBe(0, query);
        }
    }

    [Theory]
    [InlineData("metadata.region=eu", "-createdAt")]
    [InlineData("service=service-0&status=placed", "-totalfee")]
    [InlineData("totalfee[gte]=250", "createdAt")]
    public async Task Before_anything_is_known_of_the_orders_a_short_walk_is_tried(string query, string sorted)
    {
        var (filter, sort) = ListPlanTests.Read(query, sorted);
        var way = ListWay.Choose(filter, sort, after: null, PageSize, known: null)!;

        await ShouldBeWalkedToAsync(filter, sort, after: null, way);
    }

    [Fact]
    public void A_walk_costs_more_where_the_orders_are_all_over_the_table()
    {
        database.Statistics.CorrelationOf(OrderFilter.CreatedAt).ShouldBeGreaterThan(0.9);
        database.Statistics.CorrelationOf(OrderFilter.Number).ShouldBeGreaterThan(0.9);
        Math.Abs(database.Statistics.CorrelationOf(OrderFilter.TotalFee)).ShouldBeLessThan(0.1);

        ListCosts.Of(correlation: 0).OfRead(100).ShouldBeGreaterThan(3 * ListCosts.Of(correlation: 1).OfRead(100));
        ListCosts.Of(correlation: -1).ShouldBe(ListCosts.Of(correlation: 1));
        ListCosts.Of(correlation: 0.5).OfCompared(100, 0, 0)
            .ShouldBeInRange(ListCosts.Of(1).OfCompared(100, 0, 0), ListCosts.Of(0).OfCompared(100, 0, 0));
    }

    /// <summary>All of the campaign are the oldest, though they are many.</summary>
    [Fact]
    public async Task What_a_walk_does_not_come_to_is_not_its_page()
    {
        var (filter, sort) = ListPlanTests.Read("q=campaign", "-createdAt");
        var way = ListWay.Choose(filter, sort, after: null, PageSize, database.Statistics)!;
        var (walked, rowsRead) = await database.RunAsync(
            OrderListStore.Walk(filter, sort, after: null, PageSize, way));

        walked.ShouldBeEmpty();
        rowsRead.ShouldBeLessThanOrEqualTo(2 * RowsReadMax);
        (await database.IdsAsync(OrderQueryStore.SpannedPage(filter, sort, after: null, PageSize, way.Spans!)))
            .ShouldBe(await database.IdsAsync(OrderQueryStore.GatheredPage(filter, sort, after: null, PageSize)));
    }

    private async Task ShouldBeWalkedToAsync(OrderFilter filter, Sort sort, OrderPosition? after, ListWay way)
    {
        var expected = await database.IdsAsync(OrderQueryStore.GatheredPage(filter, sort, after, PageSize));
        var (walked, rowsRead) = await database.RunAsync(OrderListStore.Walk(filter, sort, after, PageSize, way));

        walked.ShouldBe(expected.Take(walked.Count), $"{after} {way}");
        walked.Count.ShouldBeGreaterThanOrEqualTo(expected.Count / 2, $"{after} {way}");
        rowsRead.ShouldBeLessThanOrEqualTo(way.ComparedTerm is not null ? 4 * PageSize : RowsReadMax, $"{after} {way}");
    }
}

/// <summary>A database with 30,000 orders of one minute, none of which has gone on since.</summary>
public sealed class DatabaseOfOneMinute(TestCluster cluster) : DatabaseWithManyRows(cluster)
{
    protected override string Step => "2 milliseconds";

    protected override string Change => "update orders set status = 'placed'";
}
