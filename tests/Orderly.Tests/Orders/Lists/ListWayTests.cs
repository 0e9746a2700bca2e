using Orderly.Server.Http;
using Orderly.Server.Orders;

namespace Orderly.Tests.Orders.Lists;

/// <summary>Orders with certain terms are found without looking at all of them, and are the same ones.</summary>
public sealed class ListWayTests(DatabaseWithManyRows database) : IClassFixture<DatabaseWithManyRows>
{
    private const int PageSize = 51;
    private const int TouchedRowsMax = 1_500;
    private const int PagesMax = 1_000;

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
            foreach (var after in (OrderPosition?[])[null, await database.MiddleAsync(sort)])
            {
                var way = ListWay.Choose(filter, sort, after, PageSize, database.Statistics)!;
                var expected = await database.IdsAsync(OrderQueryStore.Page(filter, sort, after, PageSize));
                var spanned = OrderQueryStore.SpannedPage(filter, sort, after, PageSize, way.Spans!);
                (await database.IdsAsync(spanned)).ShouldBe(expected, $"{query} {sorted} {way}");
                if (way.WalkedRows == 0)
                {
                    ShouldBeCheap(await database.ExplainAsync(
                        OrderQueryStore.SpannedPage(filter, sort, after, PageSize, way.Spans!)), way, query);
                }
                else
                {
                    var walked = await database.IdsAsync(
                        OrderQueryStore.WalkedPage(filter, sort, after, PageSize, way));
                    walked.ShouldBe(expected.Take(walked.Count), $"{query} {sorted}");
                    var nodes = await database.ExplainAsync(
                        OrderQueryStore.WalkedPage(filter, sort, after, PageSize, way));
                    var read = way.ComparedTerm is null
                        ? nodes
                        : nodes.FindAll(node => node.Type == "Bitmap Heap Scan");
                    ShouldBeCheap(read, null, query);
                }
            }
        }
    }

    [Theory]
    [InlineData("q=clean")]
    [InlineData("service=service-7")]
    [InlineData("service=service-199&status=completed")]
    [InlineData("metadata.customer=c-77")]
    [InlineData("q=campaign")]
    [InlineData("q=clean&createdAt[gte]=2021-02-01T00:00:00Z&createdAt[lt]=2021-02-03T12:00:00Z")]
    [InlineData("q=clean&createdAt[gte]=2021-02-03T00:00:00Z&createdAt[lt]=2021-02-01T00:00:00Z")]
    [InlineData("q=clean&createdAt[lte]=0001-01-01T00:00:00Z")]
    [InlineData("q=clean&createdAt[gte]=0001-01-01T00:00:00Z")]
    public async Task Whatever_is_expected_the_page_is_the_same(string query)
    {
        foreach (var sorted in (string[])["-createdAt", "createdAt"])
        {
            var (filter, sort) = ListPlanTests.Read(query, sorted);
            foreach (var after in (OrderPosition?[])[null, await database.MiddleAsync(sort)])
            {
                var expected = await database.IdsAsync(OrderQueryStore.GatheredPage(filter, sort, after, PageSize));
                var chosen = ListWay.Choose(filter, sort, after, PageSize, database.Statistics)!.Spans!;
                foreach (var search in (SpanSearch[])
                    [
                        chosen with { TriesAll = true, ShortSpans = 1 },
                        chosen with { TriesAll = false, ShortSpans = 0 },
                        chosen with { TriesAll = false, ShortSpans = 8 },
                        chosen with { TriesAll = false, ShortSpans = 5_000 },
                    ])
                {
                    var page = OrderQueryStore.SpannedPage(filter, sort, after, PageSize, search);
                    (await database.IdsAsync(page)).ShouldBe(expected, $"{query} {sorted} {search}");
                }
            }
        }
    }

    /// <summary>There a short span lies in two long ones.</summary>
    [Theory]
    [InlineData("createdAt")]
    [InlineData("-createdAt")]
    public async Task A_page_that_begins_near_the_end_of_a_long_span_is_whole(string sorted)
    {
        var (filter, sort) = ListPlanTests.Read("q=clean", sorted);
        var near = await database.PositionsNearEndsAsync();
        near.Count.ShouldBeGreaterThan(100);
        foreach (var after in near)
        {
            var expected = await database.IdsAsync(OrderQueryStore.Page(filter, sort, after, count: 5));
            foreach (var shortSpans in (int[])[0, 1])
            {
                var search = new SpanSearch(
                    TriesAll: false, shortSpans, Newest: sort.IsDescending ? (DateTime)after.Key : null,
                    Oldest: sort.IsDescending ? null : (DateTime)after.Key);
                (await database.IdsAsync(OrderQueryStore.SpannedPage(filter, sort, after, count: 5, search)))
                    .ShouldBe(expected, $"{after} {search}");
            }
        }
    }

    [Fact]
    public async Task What_is_all_far_from_the_start_is_found_without_reading_all_of_it()
    {
        var (filter, sort) = ListPlanTests.Read("q=campaign", "-createdAt");
        var way = ListWay.Choose(filter, sort, after: null, PageSize, database.Statistics)!;
        var search = way.Spans!;

        way.WalkedRows.ShouldBe(0);
        (await database.IdsAsync(OrderQueryStore.SpannedPage(filter, sort, after: null, PageSize, search)))
            .Count.ShouldBe(PageSize);
        var nodes = await database.ExplainAsync(
            OrderQueryStore.SpannedPage(filter, sort, after: null, PageSize, search));
        nodes.Where(node => node.Type == "Bitmap Heap Scan").Sum(node => node.TouchedRows)
            .ShouldBeLessThan(2 * OrderSpansStore.FewMax, string.Join('\n', nodes));
    }

    [Theory]
    [InlineData("datetime[gte]=2021-03-01T00:00:00Z&datetime[lt]=2021-03-08T00:00:00Z", "orders_by_datetime")]
    [InlineData("totalfee[gte]=480&totalfee[lte]=499.9", "orders_by_totalfee")]
    [InlineData("updatedAt[gt]=2021-03-01T00:00:00Z&updatedAt[lt]=2021-03-09T00:00:00Z", "orders_by_updated")]
    public async Task A_range_of_another_field_is_read_from_its_index_alone(string query, string index)
    {
        foreach (var sorted in (string[])["-createdAt", "createdAt"])
        {
            var (filter, sort) = ListPlanTests.Read(query, sorted);
            var way = ListWay.Choose(filter, sort, after: null, PageSize, database.Statistics)!;
            var expected = await database.IdsAsync(OrderQueryStore.Page(filter, sort, after: null, PageSize));
            var walked = await database.IdsAsync(
                OrderQueryStore.WalkedPage(filter, sort, after: null, PageSize, way));
            var nodes = await database.ExplainAsync(
                OrderQueryStore.GatheredPage(filter, sort, after: null, PageSize));

            way.ThenGathers.ShouldBeTrue();
            walked.ShouldBe(expected.Take(walked.Count));
            expected.Count.ShouldBe(PageSize);
            (await database.IdsAsync(OrderQueryStore.GatheredPage(filter, sort, after: null, PageSize)))
                .ShouldBe(expected);
            nodes.ShouldContain(
                node => node.Type == "Index Only Scan" && node.Index == index, string.Join('\n', nodes));
        }
    }

    /// <summary>
    /// Of ten million a walk would pass too many, and all that have the terms would be too many to read.
    /// </summary>
    [Theory]
    [InlineData("service=service-60&totalfee[gte]=400")]
    [InlineData("service=service-40&status=completed&totalfee[gt]=50&totalfee[lt]=150")]
    public async Task Terms_and_an_amount_are_looked_for_in_one_span_of_time_after_the_other(string query)
    {
        var (newest, sort) = ListPlanTests.Read(query, "-createdAt");
        var way = ListWay.Choose(newest, sort, after: null, PageSize, database.Statistics with { Rows = 1e7 })!;
        way.Spans.ShouldNotBeNull(way.ToString());
        way.WalkedRows.ShouldBeLessThanOrEqualTo(1_000);

        foreach (var sorted in (string[])["-createdAt", "createdAt"])
        {
            (var filter, sort) = ListPlanTests.Read(query, sorted);
            foreach (var after in (OrderPosition?[])[null, await database.MiddleAsync(sort)])
            {
                var expected = await database.IdsAsync(OrderQueryStore.Page(filter, sort, after, PageSize));
                var spanned = OrderQueryStore.SpannedPage(filter, sort, after, PageSize, way.Spans);

                expected.ShouldNotBeEmpty();
                (await database.IdsAsync(spanned)).ShouldBe(expected, $"{sorted} {after}");
            }
        }
    }

    /// <summary>The walk passes all that came since, and all that fit would be more to read.</summary>
    [Theory]
    [InlineData("service=service-0&datetime[gte]=2020-03-01T00:00:00Z&datetime[lt]=2021-03-01T00:00:00Z", 20)]
    [InlineData("q=clean+eu&datetime[lt]=2021-03-01T00:00:00Z", 20)]
    [InlineData("metadata.region=eu&status=completed&totalfee[gte]=100&totalfee[lt]=400", 20)]
    [InlineData("service=service-0&team=team-0&updatedAt[lt]=2022-03-01T00:00:00Z", 5)]
    [InlineData("service=service-0&totalfee[gte]=50&datetime[lt]=2021-03-01T00:00:00Z", 20)]
    [InlineData("totalfee[gte]=100&totalfee[lt]=300&datetime[lt]=2021-03-01T00:00:00Z", 20)]
    public async Task The_first_of_a_range_are_read_for_the_rest_of_the_filter(string query, int countMin)
    {
        foreach (var sorted in (string[])["-createdAt", "createdAt"])
        {
            var (filter, sort) = ListPlanTests.Read(query, sorted);
            foreach (var after in (OrderPosition?[])[null, await database.MiddleAsync(sort)])
            {
                var way = ListWay.Choose(filter, sort, after, PageSize, database.Statistics)!;
                var page = OrderQueryStore.ReadPage(filter, sort, after, PageSize, way);
                var expected = await database.IdsAsync(
                    OrderQueryStore.GatheredPage(filter, sort, after, PageSize));
                var (found, rowsRead) = await database.RunAsync([page]);

                way.ReadOfRange.ShouldBeGreaterThan(0);
                found.ShouldBe(expected.Take(found.Count), $"{sorted} {after}");
                found.Count.ShouldBeGreaterThanOrEqualTo(Math.Min(countMin, expected.Count));
                rowsRead.ShouldBeLessThanOrEqualTo(way.ReadOfRange);
            }
        }
    }

    /// <summary>The sort's index knows the creation, and no order is read that is not of the range.</summary>
    [Theory]
    [InlineData("service=service-0&createdAt[lt]=2021-03-01T00:00:00Z", "datetime")]
    [InlineData("q=clean+eu&status=completed&createdAt[lt]=2021-03-01T00:00:00Z", "updatedAt")]
    [InlineData("service=service-0&createdAt[gte]=2021-03-01T00:00:00Z&createdAt[lt]=2022-03-01T00:00:00Z", "totalfee")]
    public async Task In_another_order_the_first_of_a_range_of_creation_are_read_for_common_terms(
        string query, string sorted)
    {
        foreach (var sign in (string[])["", "-"])
        {
            var (filter, sort) = ListPlanTests.Read(query, sign + sorted);
            foreach (var after in (OrderPosition?[])[null, await database.MiddleAsync(sort)])
            {
                var way = ListWay.Choose(filter, sort, after, PageSize, database.Statistics)!;
                var expected = await database.IdsAsync(
                    OrderQueryStore.GatheredPage(filter, sort, after, PageSize));
                var (found, rowsRead) = await database.RunAsync(
                    [OrderQueryStore.ReadPage(filter, sort, after, PageSize, way)]);

                way.RangeField.ShouldBe(OrderFilter.CreatedAt);
                found.ShouldBe(expected.Take(found.Count), $"{sort} {after}");
                found.Count.ShouldBeGreaterThanOrEqualTo(Math.Min(20, expected.Count));
                rowsRead.ShouldBeLessThanOrEqualTo(way.ReadOfRange);
            }
        }
    }

    /// <summary>
    /// The planner takes terms that it does not know for more common than they are, and walks past all orders.
    /// </summary>
    [Theory]
    [InlineData("service=none", "-datetime")]
    [InlineData("q=po+nothing-of-the-kind", "totalfee")]
    [InlineData("metadata.customer=c-77", "-updatedAt")]
    [InlineData("customer.email=user77@example.com", "number")]
    [InlineData("customer.email=user77@example.com&totalfee[gte]=10", "-createdAt")]
    [InlineData("service=none&totalfee[gte]=10&datetime[lt]=2023-01-01T00:00:00Z", "createdAt")]
    [InlineData("service=service-199&datetime[gte]=2020-03-01T00:00:00Z", "-createdAt")]
    [InlineData("service=service-199&datetime[gte]=2020-03-01T00:00:00Z", "-updatedAt")]
    [InlineData("service=service-0&datetime[gte]=2020-03-01T00:00:00Z&datetime[lt]=2020-03-02T00:00:00Z", "-createdAt")]
    [InlineData("service=none&deleted=include", "-createdAt")]
    [InlineData("metadata.customer=c-77&deleted=only", "totalfee")]
    public async Task Orders_with_terms_that_few_have_are_gathered(string query, string sorted)
    {
        var (filter, sort) = ListPlanTests.Read(query, sorted);
        var way = ListWay.Choose(filter, sort, after: null, PageSize, database.Statistics)!;
        var (_, rowsRead) = await database.RunAsync(
            [OrderQueryStore.GatheredPage(filter, sort, after: null, PageSize)]);

        way.ThenGathers.ShouldBeTrue();
        way.WalkedRows.ShouldBeLessThanOrEqualTo(1_000);
        way.ReadOfRange.ShouldBe(0);
        rowsRead.ShouldBeLessThanOrEqualTo(500);
    }

    /// <summary>No index of terms knows the team.</summary>
    [Fact]
    public void Of_a_small_team_orders_are_walked_past_for_common_terms()
    {
        var (filter, sort) = ListPlanTests.Read("metadata.region=eu&q=clean&team=team-29", "-createdAt");
        var few = database.Statistics with
        {
            Rows = 1e7,
            Teams = new ValueShares(new Dictionary<string, double>(StringComparer.Ordinal), 0.001),
        };
        var way = ListWay.Choose(filter, sort, after: null, PageSize, few)!;

        way.WalksTeam.ShouldBeTrue();
        way.WalkedRows.ShouldBeInRange(1, 1_000);
    }

    [Theory]
    [InlineData("number=20000", "-createdAt")]
    [InlineData("totalfee=99.99", "-createdAt")]
    [InlineData("totalfee[gte]=499", "totalfee")]
    [InlineData("status=placed", "-createdAt")]
    [InlineData("q=clean&deleted=include", "-createdAt")]
    [InlineData("createdAt[gte]=2021-03-01T00:00:00Z&status=completed", "-datetime")]
    public void What_the_planner_knows_best_is_left_to_it(string query, string sorted)
    {
        var (filter, sort) = ListPlanTests.Read(query, sorted);

        ListWay.Choose(filter, sort, after: null, PageSize, database.Statistics).ShouldBeNull();
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
            var way = ListWay.Choose(filter, sort, after, PageSize, database.Statistics)!;
            var ids = await database.IdsAsync(
                OrderQueryStore.SpannedPage(filter, sort, after, PageSize, way.Spans!));
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

    /// <summary>The orders are of five years, but for one of 1900.</summary>
    [Fact]
    public async Task Spans_that_hold_no_order_at_all_are_passed_over()
    {
        foreach (var sorted in (string[])["-createdAt", "createdAt"])
        {
            var (filter, sort) = ListPlanTests.Read("q=nothing-of-the-kind", sorted);
            var search = new SpanSearch(TriesAll: false, ShortSpans: 0, Newest: null, Oldest: null);
            var nodes = await database.ExplainAsync(
                OrderQueryStore.SpannedPage(filter, sort, after: null, PageSize, search));

            nodes.Where(node => node.Index == "orders_terms").Max(node => node.Loops)
                .ShouldBeInRange(50, 70, $"{sorted}\n{string.Join('\n', nodes)}");
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
            // One row of it says where the next span with any order is; none is walked past.
            nodes.ShouldNotContain(
                node => node.Index == "orders_newest" && node.TouchedRows > node.Loops, $"{what}\n{plan}");
        }
    }
}
