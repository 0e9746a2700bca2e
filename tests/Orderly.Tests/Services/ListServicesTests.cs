using Orderly.Tests.Harness;

namespace Orderly.Tests.Services;

/// <summary>GET /services: filter, sorts, members, pages.</summary>
public sealed class ListServicesTests(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly Api _api = server.Api;

    [Theory]
    [InlineData("id")]
    [InlineData("name")]
    [InlineData("createdAt")]
    [InlineData("updatedAt")]
    public async Task A_walk_gives_every_record_exactly_once_by_any_sort(string field)
    {
        (await _api.PutAsync("/services/same-name", """{"name": "Deep clean"}""")).Status.ShouldBeOneOf(200, 201);
        (await _api.PutAsync("/services/window", """{"name": "Window cleaning", "fee": 20}""")).ShouldBe(200);
        var all = (await _api.GetAsync("/services?limit=500")).ShouldBe(200).At("data").EnumerateArray()
            .Select(record => (Id: record.GetProperty("id").GetString()!, Key: record.GetProperty(field).GetString()!));
        var expected = all.OrderBy(record => record.Key, StringComparer.Ordinal)
            .ThenBy(record => record.Id, StringComparer.Ordinal).Select(record => record.Id).ToList();
        expected.Count.ShouldBeGreaterThan(5);

        (await WalkAsync($"sort={field}")).ShouldBe(expected);
        (await WalkAsync($"sort=-{field}")).ShouldBe(expected.AsEnumerable().Reverse());
    }

    [Fact]
    public async Task Active_leaves_those_that_are_or_those_that_are_retired()
    {
        (await WalkAsync("active=false")).ShouldBe(["retired"]);
        (await WalkAsync("active=true&sort=-name")).ShouldNotContain("retired");
    }

    [Fact]
    public async Task Fields_gives_these_members_alone()
    {
        var page = (await _api.GetAsync("/services?limit=1&fields=fee,id")).ShouldBe(200);
        page.Raw("data").ShouldBe("[{\"id\":\"deep-clean\",\"fee\":59.95}]");

        var whole = (await _api.GetAsync("/services?limit=1")).At("data/0");
        var names = string.Join(',', whole.EnumerateObject().Select(member => member.Name));
        (await _api.GetAsync("/services?limit=1&fields=" + names)).Raw("data/0").ShouldBe(whole.GetRawText());
    }

    [Theory]
    [InlineData("")]
    [InlineData("&active=true")]
    [InlineData("&active=false")]
    public async Task Count_says_how_many_records_there_are_in_all(string filter)
    {
        var all = (await WalkAsync(filter)).Count;

        foreach (var query in (string[])["limit=1&count=exact", "limit=500&count=exact", "limit=2&count=estimate"])
        {
            (await _api.GetAsync($"/services?{query}{filter}")).ShouldBe(200)
                .Raw("count").ShouldBe($"{{\"value\":{all},\"exact\":true}}");
        }

        var next = (await _api.GetAsync("/services?limit=1" + filter)).At("next");
        if (next.GetString() is { } cursor)
        {
            (await _api.GetAsync($"/services?limit=500&count=exact&cursor={cursor}{filter}")).ShouldBe(200)
                .Raw("count/value").ShouldBe($"{all}");
        }

        (await _api.GetAsync("/services?limit=1" + filter)).Text.ShouldNotContain("count");
    }

    [Theory]
    [InlineData("count=all", "count invalid-parameter")]
    [InlineData("sort=fee", "sort invalid-parameter")]
    [InlineData("active=yes", "active invalid-parameter")]
    [InlineData("fields=price", "fields invalid-parameter")]
    [InlineData("limit=0", "limit invalid-parameter")]
    [InlineData("cursor=x", "cursor invalid-cursor")]
    [InlineData("status=placed", "status unknown-parameter")]
    [InlineData("metadata.a=b", "metadata.a unknown-parameter")]
    public async Task What_a_list_of_records_does_not_take_is_refused(string query, string fault) =>
        (await _api.GetAsync("/services?" + query)).ShouldRefuse(400, fault.Split(' ')[1]).Faults.ShouldBe([fault]);

    [Fact]
    public async Task A_cursor_belongs_to_its_filter_and_sort()
    {
        var next = (await _api.GetAsync("/services?limit=1&sort=name&active=true")).String("next");

        (await _api.GetAsync($"/services?limit=2&sort=name&active=true&cursor={next}")).ShouldBe(200);
        foreach (var other in (string[])["sort=name", "active=true", "sort=-name&active=true", "limit=1"])
        {
            (await _api.GetAsync($"/services?{other}&cursor={next}")).ShouldRefuse(400, "invalid-cursor");
        }
    }

    private async Task<List<string>> WalkAsync(string query)
    {
        var ids = new List<string>();
        var next = "/services?limit=2&" + query;
        while (next is not null)
        {
            var page = (await _api.GetAsync(next)).ShouldBe(200);
            ids.AddRange(page.At("data").EnumerateArray().Select(record => record.GetProperty("id").GetString()!));
            next = page.Header("Link")?.Split('<', '>')[1];
        }

        return ids;
    }
}
