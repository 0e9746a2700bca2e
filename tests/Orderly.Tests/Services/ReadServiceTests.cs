using Orderly.Tests.Harness;

namespace Orderly.Tests.Services;

/// <summary>GET and HEAD /services and /services/{id}.</summary>
public sealed class ReadServiceTests(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly Api _api = server.Api;

    [Fact]
    public async Task A_record_is_answered_with_its_tag_and_not_again_to_who_has_it()
    {
        (await _api.GetAsync("/services/window")).ShouldBe(200).Header("ETag").ShouldBe("\"v1\"");
        (await _api.GetAsync("/services/window", ("If-None-Match", "\"v1\""))).ShouldBe(304).Body.ShouldBeEmpty();
        (await _api.GetAsync("/services/window", ("If-None-Match", "\"v2\""))).ShouldBe(200);
        (await _api.HeadAsync("/services/window")).ShouldBe(200).Body.ShouldBeEmpty();
        (await _api.GetAsync("/services/window?x=1")).ShouldRefuse(400, "unknown-parameter");
    }

    [Fact]
    public async Task Records_come_in_the_order_of_their_ids_page_by_page()
    {
        var all = Ids(await _api.GetAsync("/services?limit=500"));
        all.ShouldBe(all.Order(StringComparer.Ordinal));
        all.ShouldBe(AnOrder.ServiceRecords.Select(record => record.Id), ignoreOrder: true);

        var walked = new List<string>();
        var path = "/services?limit=2";
        while (path is not null)
        {
            var page = await _api.GetAsync(path);
            walked.AddRange(Ids(page));
            path = page.String("next") is { } next ? $"/services?limit=2&cursor={next}" : null;
            page.Header("Link").ShouldBe(path is null ? null : $"<{path}>; rel=\"next\"");
        }

        walked.ShouldBe(all);
    }

    [Fact]
    public async Task Active_and_retired_records_can_be_asked_for_and_a_cursor_stays_with_its_filter()
    {
        Ids(await _api.GetAsync("/services?active=false")).ShouldBe(["retired"]);
        var page = await _api.GetAsync("/services?active=true&limit=1");
        Ids(await _api.GetAsync("/services?active=true")).ShouldNotContain("retired");

        (await _api.GetAsync($"/services?active=true&cursor={page.String("next")}")).ShouldBe(200);
        (await _api.GetAsync($"/services?cursor={page.String("next")}")).ShouldRefuse(400, "invalid-cursor");
        (await _api.GetAsync("/services?active=yes")).ShouldRefuse(400, "invalid-parameter");
        (await _api.GetAsync("/services?limit=501")).ShouldRefuse(400, "invalid-parameter");
    }

    private static List<string> Ids(Reply page) =>
        [.. page.ShouldBe(200).At("data").EnumerateArray().Select(record => record.GetProperty("id").GetString()!)];
}
