using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>Revisions and the order as it stood at an instant.</summary>
public sealed class OrderHistoryTests(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly Api _api = server.Api;

    [Fact]
    public async Task Every_write_has_its_revision_with_who_when_what_and_why()
    {
        var path = await server.PlaceOldAsync();
        (await _api.PatchAsync(path + "?reason=by%20phone",
            """{"services": [{"id": "deep-clean", "quantity": 3}], "metadata": {"a/b": "c"}}""")).ShouldBe(200);
        (await _api.PostAsync(path + "/status", """{"status": "confirmed", "reason": "paid"}""")).ShouldBe(200);
        (await _api.DeleteAsync(path)).ShouldBe(204);
        (await _api.PostAsync(path + "/restore", "{}")).ShouldBe(200);

        var list = (await _api.GetAsync(path + "/revisions")).ShouldBe(200);
        list.At("data").EnumerateArray().Select(row => row.GetProperty("type").GetString()).ShouldBe(
            ["order.placed", "order.updated", "order.status-changed", "order.deleted", "order.restored"]);
        list.At("data").EnumerateArray().Select(row => row.GetProperty("version").GetInt32()).ShouldBe([1, 2, 3, 4, 5]);
        list.At("data").EnumerateArray().ShouldAllBe(row => row.GetProperty("actor").GetString() == "bootstrap");
        list.String("data/1/reason").ShouldBe("by phone");
        list.Raw("data/0/changes").ShouldBe("[]");
        list.Raw("data/1/changes").ShouldBe(
            """[{"path":"/totalfee","from":59.95,"to":179.85},{"path":"/services/0/quantity","from":1,"to":3},"""
            + """{"path":"/metadata/a~1b","from":null,"to":"c"}]""");
        list.Raw("data/2/changes").ShouldBe("""[{"path":"/status","from":"placed","to":"confirmed"}]""");
        list.Raw("next").ShouldBe("null");
    }

    [Fact]
    public async Task A_reason_is_counted_in_characters_wherever_it_stands()
    {
        var path = await server.PlaceOldAsync();
        var smiles = string.Concat(Enumerable.Repeat("🙂", 500));

        (await _api.PatchAsync($"{path}?reason={Uri.EscapeDataString(smiles)}", """{"notes": "x"}""")).ShouldBe(200);
        (await _api.PostAsync(path + "/status", $$"""{"status": "confirmed", "reason": "{{smiles}}"}""")).ShouldBe(200);
        (await _api.GetAsync(path + "/revisions/2")).String("reason").ShouldBe(smiles);
        (await _api.PatchAsync($"{path}?reason={new string('x', 501)}", "{}")).ShouldRefuse(400, "invalid-parameter");
        (await _api.PatchAsync($"{path}?reason=", "{}")).ShouldRefuse(400, "invalid-parameter");
        (await _api.PatchAsync($"{path}?reason=%00", "{}")).ShouldRefuse(400, "invalid-parameter");
    }

    [Fact]
    public async Task A_version_is_read_with_the_whole_order_as_it_stood()
    {
        var path = await server.PlaceOldAsync(AnOrder.With("""  "notes": "first"  """));
        var first = (await _api.GetAsync(path)).ShouldBe(200);
        (await _api.PatchAsync(path, """{"notes": "second"}""")).ShouldBe(200);

        var revision = (await _api.GetAsync(path + "/revisions/1")).ShouldBe(200);
        revision.At("order").GetProperty("notes").GetString().ShouldBe("first");
        revision.At("order").GetProperty("version").GetInt32().ShouldBe(1);
        revision.At("order").GetProperty("id").GetString().ShouldBe(first.Id);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("01")]
    [InlineData("2")]
    [InlineData("-1")]
    [InlineData("x")]
    [InlineData("99999999999")]
    public async Task A_version_that_there_is_not_is_not_found(string version)
    {
        var path = "/orders/" + await _api.PlaceAsync();
        (await _api.GetAsync($"{path}/revisions/{version}")).ShouldRefuse(404, "revision-not-found");
    }

    [Fact]
    public async Task Pages_of_revisions_hold_each_version_once()
    {
        var path = await server.PlaceOldAsync();
        foreach (var note in Enumerable.Range(2, 6))
        {
            (await _api.PatchAsync(path, $$"""{"notes": "{{note}}"}""")).ShouldBe(200);
        }

        var versions = new List<int>();
        var next = "";
        do
        {
            var page = (await _api.GetAsync($"{path}/revisions?limit=3{next}")).ShouldBe(200);
            versions.AddRange(page.At("data").EnumerateArray().Select(row => row.GetProperty("version").GetInt32()));
            page.At("data").EnumerateArray().Where(row => row.GetProperty("version").GetInt32() > 1)
                .ShouldAllBe(row => row.GetProperty("changes").GetArrayLength() == 1);
            next = page.String("next") is { } cursor ? "&cursor=" + cursor : null;
        }
        while (next is not null);

        versions.ShouldBe([1, 2, 3, 4, 5, 6, 7]);
    }

    [Fact]
    public async Task A_page_of_very_large_versions_ends_early_and_the_next_ones_have_the_rest()
    {
        var path = await server.PlaceOldAsync(AnOrder.Large());
        foreach (var note in Enumerable.Range(2, 15))
        {
            (await _api.PatchAsync(path, $$"""{"notes": "{{note}}"}""")).ShouldBe(200);
        }

        var first = (await _api.GetAsync($"{path}/revisions?limit=500")).ShouldBe(200);
        first.At("data").GetArrayLength().ShouldBeInRange(2, 15);
        var rest = (await _api.GetAsync($"{path}/revisions?limit=500&cursor={first.String("next")}")).ShouldBe(200);
        first.At("data").EnumerateArray().Concat(rest.At("data").EnumerateArray())
            .Select(row => row.GetProperty("version").GetInt32()).ShouldBe(Enumerable.Range(1, 16));
        rest.At("data/0/changes").GetArrayLength().ShouldBe(1);
        rest.Raw("next").ShouldBe("null");
    }

    [Fact]
    public async Task A_cursor_of_another_order_is_refused()
    {
        var path = await server.PlaceOldAsync();
        (await _api.PatchAsync(path, """{"notes": "x"}""")).ShouldBe(200);
        var cursor = (await _api.GetAsync(path + "/revisions?limit=1")).String("next");

        (await _api.GetAsync($"/orders/{await _api.PlaceAsync()}/revisions?cursor={cursor}"))
            .ShouldRefuse(400, "invalid-cursor");
    }

    [Fact]
    public async Task The_order_is_told_as_it_stood_at_an_instant_inclusive()
    {
        var path = "/orders/" + await _api.PlaceAsync();
        (await _api.PostAsync(path + "/status", """{"status": "confirmed"}""")).ShouldBe(200);
        var at = (await _api.GetAsync(path + "/revisions/2")).String("at")!;
        var createdAt = (await _api.GetAsync(path)).String("createdAt")!;
        (await _api.PostAsync(path + "/status", """{"status": "completed"}""")).ShouldBe(200);

        (await _api.GetAsync($"{path}?asOf={createdAt}")).ShouldBe(200).String("status").ShouldBe("placed");
        var then = (await _api.GetAsync($"{path}?asOf={at}")).ShouldBe(200);
        then.String("status").ShouldBe("confirmed");
        then.Header("ETag").ShouldBe("\"v2\"");
    }

    [Fact]
    public async Task Before_it_was_placed_and_while_it_was_deleted_there_was_no_order()
    {
        var path = "/orders/" + await _api.PlaceAsync();
        (await _api.DeleteAsync(path)).ShouldBe(204);
        var deletedAt = (await _api.GetAsync(path + "/revisions/2")).String("at")!;
        var placedAt = (await _api.GetAsync(path + "/revisions/1")).String("at")!;

        (await _api.GetAsync($"{path}?asOf=2020-01-01T00:00:00Z")).ShouldRefuse(404, "order-not-found");
        (await _api.GetAsync($"{path}?asOf={deletedAt}")).ShouldRefuse(404, "order-not-found");
        (await _api.GetAsync($"{path}?asOf={placedAt}")).ShouldBe(200).Version.ShouldBe(1);
    }

    [Theory]
    [InlineData("2190-01-01T00:00:00Z", 422, "asOf out-of-range")]
    [InlineData("2020-01-01", 400, "asOf invalid-parameter")]
    [InlineData("", 400, "asOf invalid-parameter")]
    public async Task An_instant_that_cannot_be_is_refused(string instant, int status, string fault)
    {
        var path = "/orders/" + await _api.PlaceAsync();
        (await _api.GetAsync($"{path}?asOf={instant}")).ShouldBe(status).Faults.ShouldBe([fault]);
    }
}
