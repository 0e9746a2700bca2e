using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>GET /orders: newest first, page by page.</summary>
public sealed class ListOrdersTests(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly Api _api = server.Api;

    private static List<string> Ids(Reply page) =>
        [.. page.ShouldBe(200).At("data").EnumerateArray().Select(order => order.GetProperty("id").GetString()!)];

    private static string? Next(Reply page) => page.String("next");

    [Fact]
    public async Task Orders_come_newest_first_each_as_it_is_answered_alone()
    {
        var older = await _api.PlaceAsync();
        var newer = await _api.PlaceAsync(AnOrder.With("\"notes\": \"x\", \"customer\": {\"name\": \"Ada\"}"));
        var page = (await _api.GetAsync("/orders?limit=2")).ShouldBe(200);

        Ids(page).ShouldBe([newer, older]);
        page.Raw("data/0").ShouldBe((await _api.GetAsync("/orders/" + newer)).Text);
        page.Raw("data/1").ShouldBe((await _api.GetAsync("/orders/" + older)).Text);
        page.Header("Cache-Control").ShouldBe("private, no-cache");
        page.Header("Vary").ShouldBe("X-Api-Key, Authorization");
        page.Header("Content-Type").ShouldBe("application/json");
    }

    [Fact]
    public async Task The_address_of_the_next_page_is_no_longer_than_it_has_to_be()
    {
        await PlaceAsync(2);
        const string query = "createdAt%5Bgte%5D=2020-01-01T00:00:00Z&deleted=include&limit=1";
        var page = await _api.GetAsync("/orders?" + query);
        var link = page.Header("Link").ShouldNotBeNull();
        link.ShouldBe($"</orders?{query}&cursor={Next(page)}>; rel=\"next\"");
        (await _api.GetAsync(link[1..link.IndexOf('>', StringComparison.Ordinal)])).ShouldBe(200);
    }

    [Fact]
    public async Task A_full_page_names_the_next_and_the_last_names_none()
    {
        await PlaceAsync(3);
        var page = await _api.GetAsync("/orders?limit=1");
        var next = Next(page).ShouldNotBeNull();
        page.Header("Link").ShouldBe($"</orders?limit=1&cursor={next}>; rel=\"next\"");
        (await _api.GetAsync($"/orders?limit=1&cursor={next}")).ShouldBe(200);

        await server.Database.ExecuteAsync(
            "update orders set deleted_at = now() where deleted_at is null and order_id not in "
            + "(select order_id from orders where deleted_at is null order by created_at desc limit 3)");
        var last = await _api.GetAsync("/orders?limit=3");
        Ids(last).Count.ShouldBe(3);
        last.Raw("next").ShouldBe("null");
        last.Header("Link").ShouldBeNull();
    }

    [Fact]
    public async Task A_page_has_50_orders_where_no_limit_is_given_and_at_most_500()
    {
        await server.Database.ExecuteAsync(
            """
            insert into orders (order_id, write_id, version, status, team, datetime, totalfee, totalfee_stated, content,
                created_at, created_by, updated_at, updated_by)
            select gen_random_uuid(), gen_random_uuid(), 1, 'placed', 'internal', now(), 0, true, '{"totalfee":0}',
                now() - interval '1 year', 'test', now(), 'test'
            from generate_series(1, 510)
            """);

        Ids(await _api.GetAsync("/orders")).Count.ShouldBe(50);
        Ids(await _api.GetAsync("/orders?limit=500")).Count.ShouldBe(500);
        Ids(await _api.GetAsync("/orders?limit=1")).Count.ShouldBe(1);
        (await WalkAsync(100)).Count.ShouldBeGreaterThanOrEqualTo(510);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("501")]
    [InlineData("-1")]
    [InlineData("+5")]
    [InlineData("1.0")]
    [InlineData("5%20")]
    [InlineData("")]
    [InlineData("ten")]
    [InlineData("99999999999999999999")]
    public async Task A_limit_outside_1_to_500_is_refused(string limit) =>
        (await _api.GetAsync($"/orders?limit={limit}")).ShouldRefuse(400, "invalid-parameter").Faults
            .ShouldBe(["limit invalid-parameter"]);

    [Theory]
    [InlineData("limits=5", "limits unknown-parameter")]
    [InlineData("LIMIT=5", "LIMIT unknown-parameter")]
    [InlineData("limit=5&limit=5", "limit repeated-parameter")]
    [InlineData("=5", " unknown-parameter")]
    public async Task An_unknown_or_repeated_parameter_is_refused(string query, string fault)
    {
        var reply = await _api.GetAsync("/orders?" + query);

        reply.ShouldRefuse(400, fault.Split(' ')[1]).Faults.ShouldBe([fault]);
    }

    [Fact]
    public async Task A_parameter_that_was_misspelt_is_refused_with_the_one_that_was_meant() =>
        (await _api.GetAsync("/orders?limt=5")).String("errors/0/detail")!.ShouldContain("Did you mean \"limit\"?");

    [Fact]
    public async Task All_that_is_wrong_with_a_query_is_told_at_once() =>
        (await _api.GetAsync("/orders?limit=0&cursor=x&nope=1&nope=2")).ShouldRefuse(400, "invalid-query").Faults
            .ShouldBe(
                [
                    "limit invalid-parameter", "cursor invalid-cursor", "nope unknown-parameter",
                    "nope unknown-parameter",
                ],
                ignoreOrder: true);

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("AAAA")]
    [InlineData("%00")]
    [InlineData("!!!!")]
    [InlineData("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAh")]
    public async Task What_is_no_cursor_of_this_list_is_refused(string cursor) =>
        (await _api.GetAsync($"/orders?cursor={cursor}")).ShouldRefuse(400, "invalid-cursor");

    [Fact]
    public async Task A_cursor_of_another_list_is_refused()
    {
        var services = await _api.GetAsync("/services?limit=1");

        (await _api.GetAsync($"/orders?cursor={Next(services)}")).ShouldRefuse(400, "invalid-cursor");
    }

    [Fact]
    public async Task A_cursor_that_was_cut_or_changed_is_refused()
    {
        await PlaceAsync(2);
        var next = Next(await _api.GetAsync("/orders?limit=1"))!;

        (await _api.GetAsync($"/orders?cursor={next[..^1]}")).ShouldRefuse(400, "invalid-cursor");
        var changed = next[..20] + (next[20] == 'A' ? 'B' : 'A') + next[21..];
        (await _api.GetAsync($"/orders?cursor={changed}")).ShouldRefuse(400, "invalid-cursor");
    }

    [Fact]
    public async Task Head_of_the_list_is_get_without_the_body() =>
        (await _api.HeadAsync("/orders?limit=1")).ShouldBe(200).Body.ShouldBeEmpty();

    [Fact]
    public async Task Orders_of_the_same_moment_are_each_on_one_page()
    {
        var ids = await PlaceAsync(7);
        await server.Database.ExecuteAsync(
            "update orders set created_at = '2001-01-01Z' where order_id = any ($1)",
            ids.Select(Guid.Parse).ToArray());

        (await WalkAsync(2)).Where(ids.Contains).ShouldBe(ids, ignoreOrder: true);
    }

    [Fact]
    public async Task A_walk_gives_every_order_that_was_there_throughout_exactly_once_while_others_come_and_go()
    {
        var lasting = await PlaceAsync(60);
        var leaving = await PlaceAsync(20);
        using var walked = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            foreach (var id in leaving)
            {
                (await _api.DeleteAsync("/orders/" + id)).ShouldBe(204);
                await _api.PlaceAsync();
            }

            while (!walked.IsCancellationRequested)
            {
                await _api.PlaceAsync();
            }
        }, TestContext.Current.CancellationToken);

        for (var walk = 0; walk < 3; walk++)
        {
            var ids = await WalkAsync(3);
            ids.ShouldBeUnique();
            ids.Where(lasting.Contains).ShouldBe(lasting.AsEnumerable().Reverse());
        }

        await walked.CancelAsync();
        await writing;
    }

    private async Task<List<string>> PlaceAsync(int count)
    {
        var ids = new List<string>();
        for (var i = 0; i < count; i++)
        {
            ids.Add(await _api.PlaceAsync());
        }

        return ids;
    }

    private async Task<List<string>> WalkAsync(int limit)
    {
        var ids = new List<string>();
        string? cursor = null;
        do
        {
            var page = await _api.GetAsync($"/orders?limit={limit}{(cursor is null ? "" : "&cursor=" + cursor)}");
            ids.AddRange(Ids(page));
            cursor = Next(page);
        }
        while (cursor is not null);
        return ids;
    }
}
