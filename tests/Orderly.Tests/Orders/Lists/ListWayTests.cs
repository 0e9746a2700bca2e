using Orderly.Server.Http;
using Orderly.Server.Orders;

namespace Orderly.Tests.Orders.Lists;

/// <summary>Orders with certain terms are found without looking at all of them, and are the same ones.</summary>
public sealed class ListWayTests(DatabaseWithManyRows database) : IClassFixture<DatabaseWithManyRows>
{
    private const int PageSize = 51;
    private const int TouchedRowsMax = 1_500;
    private const int PagesMax = 1_000;

    private static readonly DateTime Now = new(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    [Theory]
    [InlineData("service=service-0")]
    [InlineData("service=service-60")]
    [InlineData("service=service-199")]
    [InlineData("service=service-60&status=cancelled")]
    [InlineData("service=service-0&status=placed,confirmed")]
    [InlineData("service=service-7&team=team-3")]
    [InlineData("q=clean")]
    [InlineData("q=clean+eu&status=completed")]
    [InlineData("q=nothing-of-the-kind")]
    [InlineData("metadata.region=eu&team=team-29&status=completed")]
    [InlineData("q=deep&createdAt[gte]=2021-02-01T00:00:00Z&createdAt[lt]=2021-03-01T00:00:00Z")]
    [InlineData("service=service-7&createdAt[gt]=2021-02-01T00:00:00Z")]
    [InlineData("service=service-7&createdAt[lte]=2021-02-01T00:00:00Z")]
    public async Task A_page_is_found_by_few_rows_and_is_the_one_that_the_planner_finds(string query)
    {
        foreach (var sorted in (string[])["-createdAt", "createdAt"])
        {
            var (filter, sort) = ListPlanTests.Read(query, sorted);
            ListWay.IsFor(filter, sort).ShouldBeTrue();
            foreach (var after in (OrderPosition?[])[null, await database.MiddleAsync(sort)])
            {
                var way = ListWay.Choose(filter, sort, after, PageSize, database.Statistics);
                var expected = await database.IdsAsync(OrderQueryStore.Page(filter, sort, after, PageSize));
                if (way.Ranges.Count == 0)
                {
                    expected.ShouldBeEmpty();
                    continue;
                }

                var spanned = OrderQueryStore.SpannedPage(filter, sort, after, PageSize, way, Now);
                (await database.IdsAsync(spanned)).ShouldBe(expected, $"{query} {sorted} {way}");
                if (way.WalkedRows == 0)
                {
                    ShouldBeCheap(await database.ExplainAsync(
                        OrderQueryStore.SpannedPage(filter, sort, after, PageSize, way, Now)), way, query);
                }
                else
                {
                    var walked = await database.IdsAsync(
                        OrderQueryStore.WalkedPage(filter, sort, after, PageSize, way));
                    walked.ShouldBe(expected.Take(walked.Count), $"{query} {sorted}");
                    ShouldBeCheap(await database.ExplainAsync(
                        OrderQueryStore.WalkedPage(filter, sort, after, PageSize, way)), null, query);
                }
            }
        }
    }

    [Theory]
    [InlineData("service=service-20", "-createdAt")]
    [InlineData("service=service-20", "createdAt")]
    [InlineData("metadata.region=us&status=cancelled", "-createdAt")]
    public async Task All_pages_together_hold_each_order_once(string query, string sorted)
    {
        var (filter, sort) = ListPlanTests.Read(query, sorted);
        var all = await database.IdsAsync(OrderQueryStore.All(filter, sort));
        var found = new List<Guid>();
        OrderPosition? after = null;
        for (var page = 0; page < PagesMax; page++)
        {
            var way = ListWay.Choose(filter, sort, after, PageSize, database.Statistics);
            var ids = await database.IdsAsync(
                OrderQueryStore.SpannedPage(filter, sort, after, PageSize, way, Now));
            found.AddRange(ids);
            if (ids.Count < PageSize)
            {
                break;
            }

            after = await database.PositionAsync(ids[^1]);
        }

        found.ShouldBe(all);
        all.Count.ShouldBeGreaterThan(2 * PageSize);
    }

    [Fact]
    public void Spans_cover_a_range_with_few_of_the_shortest()
    {
        var at = new DateTime(2024, 2, 29, 23, 59, 59, DateTimeKind.Utc);

        OrderSpans.Cover(at, at.AddSeconds(2)).Count.ShouldBeInRange(1, 2);
        OrderSpans.Cover(at, at.AddDays(5)).Count.ShouldBeInRange(8, 9);
        OrderSpans.Cover(at, at.AddDays(100)).Count.ShouldBeInRange(5, 6);
        foreach (var days in (int[])[0, 1, 21, 22, 400])
        {
            var spans = OrderSpans.Cover(at, at.AddDays(days));
            spans[0].ShouldBeLessThanOrEqualTo(at);
            spans[^1].ShouldBeLessThanOrEqualTo(at.AddDays(days));
            (spans[^1] + TimeSpan.FromHours(days < 21 ? 16 : 512)).ShouldBeGreaterThan(at.AddDays(days));
        }
    }

    private static void ShouldBeCheap(List<PlanNode> nodes, ListWay? way, string what)
    {
        var plan = string.Join('\n', nodes);
        nodes.ShouldNotContain(node => node.Type == "Seq Scan", $"{what}\n{plan}");
        nodes.Max(node => node.TouchedRows).ShouldBeLessThanOrEqualTo(TouchedRowsMax, $"{what} {way}\n{plan}");
        if (way is not null)
        {
            nodes.ShouldContain(node => node.Index == "orders_terms", $"{what}\n{plan}");
            nodes.ShouldNotContain(node => node.Index == "orders_newest", $"{what}\n{plan}");
        }
    }
}
