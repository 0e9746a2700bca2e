using System.Security.Cryptography;
using System.Text;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders.Lists;

/// <summary>Every filter and sort of GET /orders against an oracle that looks at every order.</summary>
public sealed class ListFilterTests(ServerWithManyOrders server) : IClassFixture<ServerWithManyOrders>
{
    private const int RandomQueries = 250;
    private static readonly string[] Fields = ["createdAt", "datetime", "updatedAt", "totalfee", "number"];

    public static TheoryData<string> Queries =>
    [
        "status=placed", "status=cancelled,completed", "status=placed,placed", "service=window", "service=unpriced",
        "service=never-ordered", "reference=PO-3-a", "reference=po-3-a", "team=billing", "team=nobody",
        "customer.email=ada@example.com", "customer.email=%20ADA@example.COM%20",
        "customer.email=%C3%9CBER@example.com",
        "metadata.region=eu", "metadata.region=EU", "metadata.region=", "metadata.region=eu%3Dwest",
        "metadata.region=eu&metadata.tier=1", "metadata.tier=9", "metadata.Region=eu", "metadata.region%3Deu=west",
        "q=window", "q=WINDOW+deep", "q=win", "q=north", "q=gr%C3%B6%C3%9Fe", "q=PO-3", "q=eu", "q=2+po", "q=xl,rush",
        "totalfee=12.0", "totalfee=12.00", "totalfee[gte]=10&totalfee[lt]=20", "totalfee[gt]=10.10&totalfee[lte]=2e1",
        "totalfee[gte]=20&totalfee[lt]=10", "totalfee[gte]=-1", "number=5", "number[gt]=10&number[lte]=30",
        "number[gte]=99999999999", "datetime[gte]=2026-03-01T00:00:00Z&datetime[lt]=2026-06-01T02:00:00%2B02:00",
        "datetime=2026-03-01T01:00:00%2B01:00", "createdAt[lt]=9999-12-31T23:59:59.999999Z",
        "createdAt[gte]=0001-01-01T00:00:00Z", "updatedAt[gte]=2100-01-01T00:00:00Z",
        "deleted=only", "deleted=include", "deleted=only&status=placed", "deleted=include&q=deep",
        "deleted=include&metadata.region=eu&status=placed,confirmed", "status=placed&service=window&team=field",
        "q=window&totalfee[gte]=5&status=placed&metadata.region=us&createdAt[gte]=2001-01-01T00:00:00Z",
    ];

    [Theory]
    [MemberData(nameof(Queries))]
    public async Task A_filter_gives_what_looking_at_every_order_gives_by_any_sort(string query)
    {
        var parameters = Parse(query);
        foreach (var field in Fields)
        {
            foreach (var sort in (string[])[field, "-" + field])
            {
                (await WalkAsync(server.Api, $"{query}&sort={sort}", 500))
                    .ShouldBe(server.Oracle.Answer(parameters, sort, onlyTeam: null), $"{query}&sort={sort}");
            }
        }
    }

    [Fact]
    public async Task Some_orders_fit_and_some_do_not_for_most_of_the_filters()
    {
        var counts = Queries.Select(query => server.Oracle.Answer(Parse(query.Data), "number", onlyTeam: null).Count);

        counts.Count(count => count is > 0 and < 150).ShouldBeGreaterThan(35);
        server.Orders.Count(order => order.IsDeleted).ShouldBeGreaterThan(5);
        await Task.CompletedTask;
    }

    [Fact]
    public async Task Random_filters_sorts_and_page_sizes_give_each_order_exactly_once_and_in_order()
    {
        var random = new Random(7);
        var notEmpty = 0;
        for (var i = 0; i < RandomQueries; i++)
        {
            var query = RandomQuery(random);
            var sort = (random.Next(2) == 0 ? "-" : "") + Fields[random.Next(Fields.Length)];
            var expected = server.Oracle.Answer(Parse(query), sort, onlyTeam: null);
            var text = $"{query}&sort={sort}".TrimStart('&');
            (await WalkAsync(server.Api, text, 1 + random.Next(40))).ShouldBe(expected, text);
            notEmpty += expected.Count > 0 ? 1 : 0;
        }

        notEmpty.ShouldBeGreaterThan(RandomQueries / 3);
    }

    [Fact]
    public async Task A_caller_of_one_team_sees_its_orders_alone_and_counts_them_alone()
    {
        var caller = await TeamCallerAsync("billing");
        var own = server.Oracle.Answer([], "-createdAt", "billing");

        (await WalkAsync(caller, "", 7)).ShouldBe(own);
        (await WalkAsync(caller, "team=billing", 500)).ShouldBe(own);
        (await WalkAsync(caller, "team=field", 500)).ShouldBeEmpty();
        (await WalkAsync(caller, "deleted=include&status=placed", 500))
            .ShouldBe(server.Oracle.Answer(Parse("deleted=include&status=placed"), "-createdAt", "billing"));
        (await caller.GetAsync("/orders?count=exact&limit=1")).Raw("count")
            .ShouldBe($"{{\"value\":{own.Count},\"exact\":true}}");
        (await caller.GetAsync("/orders?count=exact&team=field")).Raw("count").ShouldBe("{\"value\":0,\"exact\":true}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("status=placed")]
    [InlineData("deleted=include&q=deep")]
    public async Task An_exact_count_is_that_of_all_pages_and_the_same_on_each(string query)
    {
        var all = server.Oracle.Answer(Parse(query), "number", onlyTeam: null).Count;
        var first = await server.Api.GetAsync($"/orders?{query}&limit=5&count=exact".Replace("?&", "?"));
        first.Raw("count").ShouldBe($"{{\"value\":{all},\"exact\":true}}");
        var second = await server.Api.GetAsync(first.Header("Link")!.Split('<', '>')[1]);
        second.Raw("count").ShouldBe($"{{\"value\":{all},\"exact\":true}}");
    }

    [Fact]
    public async Task An_estimate_says_that_it_is_one_unless_all_orders_are_on_the_page()
    {
        await server.Database.ExecuteAsync("analyze orders");
        var all = server.Oracle.Answer([], "number", onlyTeam: null).Count;
        var page = (await server.Api.GetAsync("/orders?limit=5&count=estimate")).ShouldBe(200);
        page.Raw("count/exact").ShouldBe("false");
        int.Parse(page.Raw("count/value")!).ShouldBeInRange(all / 2, all * 2);
        (await server.Api.GetAsync("/orders?limit=5&count=estimate&metadata.region=EU&status=placed"))
            .Raw("count/value").ShouldNotBe("0");

        (await server.Api.GetAsync("/orders?limit=500&count=estimate")).Raw("count")
            .ShouldBe($"{{\"value\":{all},\"exact\":true}}");
        (await server.Api.GetAsync("/orders?limit=5")).Json.TryGetProperty("count", out _).ShouldBeFalse();
    }

    internal static List<(string Name, string Value)> Parse(string query) =>
        [.. query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2))
            .Select(pair => (Decode(pair[0]), Decode(pair[1])))];

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    private static string RandomQuery(Random random)
    {
        string Pick(params string[] values) => Uri.EscapeDataString(values[random.Next(values.Length)]);
        var parts = new List<string>();
        for (var i = random.Next(4); i > 0; i--)
        {
            parts.Add(random.Next(9) switch
            {
                0 => "status=" + Pick("placed", "confirmed", "placed,cancelled", "completed"),
                1 => "service=" + Pick("deep-clean", "window", "unpriced"),
                2 => "team=" + Pick("internal", "billing", "field"),
                3 => "customer.email=" + Pick(ServerWithManyOrders.Emails),
                4 => "metadata.region=" + Pick(ServerWithManyOrders.Regions),
                5 => "q=" + Pick("window", "deep", "po", "größe xl", "rush", "1", "clean deep"),
                6 => $"totalfee[{Pick("gte", "gt", "lte", "lt")}]={random.Next(40)}.{random.Next(2)}",
                7 => $"datetime[{Pick("gte", "lt")}]=2026-{1 + random.Next(12):00}-01T00:00:00Z",
                _ => "deleted=" + Pick("include", "only"),
            });
        }

        return string.Join('&', parts.DistinctBy(part => part[..part.IndexOf('=')]));
    }

    private async Task<Api> TeamCallerAsync(string team)
    {
        var key = $"key-of-{team}-alone-0123456789";
        await server.Database.ExecuteAsync(
            "insert into keys (key_id, name, team, scopes, reach, created_at, created_by) "
            + "values ($1, $1, $2, $3, 'team', now(), 'test')", key[..20], team,
            (string[])["orders:read", "orders:delete"]);
        await server.Database.ExecuteAsync(
            "insert into key_secrets (key_id, digest, created_at) values ($1, $2, now())",
            key[..20], SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        return new Api(server.Address, key);
    }

    internal static async Task<List<string>> WalkAsync(Api api, string query, int limit)
    {
        var ids = new List<string>();
        var next = $"/orders?limit={limit}{(query.Length == 0 ? "" : "&" + query)}";
        while (next is not null)
        {
            var page = (await api.GetAsync(next)).ShouldBe(200);
            ids.AddRange(page.At("data").EnumerateArray().Select(order => order.GetProperty("id").GetString()!));
            next = page.Header("Link")?.Split('<', '>')[1];
            (next is null).ShouldBe(page.Raw("next") == "null");
        }

        return ids;
    }
}
