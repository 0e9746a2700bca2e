using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>Status changes, restoring, reverting, overrides and dry runs.</summary>
public sealed class OrderLifeTests(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly Api _api = server.Api;

    [Theory]
    [InlineData("confirmed", "completed")]
    [InlineData("confirmed", "cancelled")]
    public async Task An_order_moves_on_step_by_step_each_step_a_version(string first, string second)
    {
        var path = "/orders/" + await _api.PlaceAsync();
        (await _api.PostAsync(path + "/status", $$"""{"status": "{{first}}"}""")).ShouldBe(200).Version.ShouldBe(2);
        var ended = (await _api.PostAsync(path + "/status", $$"""{"status": "{{second}}"}""")).ShouldBe(200);

        ended.Version.ShouldBe(3);
        ended.String("status").ShouldBe(second);
        ended.At("nextStatuses").GetArrayLength().ShouldBe(0);
    }

    [Theory]
    [InlineData("placed", "completed", "[\"confirmed\",\"cancelled\"]")]
    [InlineData("confirmed", "placed", "[\"completed\",\"cancelled\"]")]
    [InlineData("cancelled", "confirmed", "[]")]
    public async Task A_step_that_is_not_possible_is_refused_and_the_possible_ones_named(
        string from, string to, string next)
    {
        var path = "/orders/" + await _api.PlaceAsync();
        if (from != "placed")
        {
            (await _api.PostAsync(path + "/status", $$"""{"status": "{{from}}"}""")).ShouldBe(200);
        }

        var refused = await _api.PostAsync(path + "/status", $$"""{"status": "{{to}}"}""");
        refused.ShouldRefuse(409, "illegal-transition").Raw("nextStatuses").ShouldBe(next);
    }

    [Fact]
    public async Task The_same_status_again_changes_nothing()
    {
        var path = "/orders/" + await _api.PlaceAsync();
        (await _api.PostAsync(path + "/status", """{"status": "placed"}""")).ShouldBe(200).Version.ShouldBe(1);
    }

    [Theory]
    [InlineData("""{"status": "shipped"}""", 422, "#/status invalid-value")]
    [InlineData("""{"status": 1}""", 400, "#/status wrong-type")]
    [InlineData("""{}""", 400, "#/status missing-field")]
    [InlineData("""{"status": "confirmed", "reasn": "x"}""", 400, "#/reasn unknown-field")]
    [InlineData("""{"status": "confirmed", "reason": ""}""", 422, "#/reason invalid-length")]
    public async Task A_status_that_is_none_is_refused(string json, int status, string fault)
    {
        var path = "/orders/" + await _api.PlaceAsync();
        (await _api.PostAsync(path + "/status", json)).ShouldBe(status).Faults.ShouldBe([fault]);
    }

    [Theory]
    [InlineData("completed")]
    [InlineData("cancelled")]
    public async Task The_content_of_a_closed_order_is_frozen(string end)
    {
        var path = await server.PlaceOldAsync();
        (await _api.PostAsync(path + "/status", """{"status": "confirmed"}""")).ShouldBe(200);
        (await _api.PostAsync(path + "/status", $$"""{"status": "{{end}}"}""")).ShouldBe(200);

        (await _api.PutAsync(path, AnOrder.Least)).ShouldRefuse(409, "order-closed");
        (await _api.PatchAsync(path, """{"notes": "x"}""")).ShouldRefuse(409, "order-closed");
        (await _api.PostAsync(path + "/revert", """{"to": 1, "reason": "x"}""")).ShouldRefuse(409, "order-closed");
    }

    [Fact]
    public async Task A_closed_young_order_is_refused_for_being_closed()
    {
        var path = "/orders/" + await _api.PlaceAsync();
        (await _api.PostAsync(path + "/status", """{"status": "cancelled"}""")).ShouldBe(200);

        (await _api.PatchAsync(path, """{"notes": "x"}""")).ShouldRefuse(409, "order-closed");
    }

    [Fact]
    public async Task A_deleted_order_comes_back_as_it_was()
    {
        var path = "/orders/" + await _api.PlaceAsync(AnOrder.With("""  "reference": "back-again"  """));
        (await _api.DeleteAsync(path)).ShouldBe(204);
        (await _api.GetAsync(path)).ShouldRefuse(404, "order-not-found");

        var restored = (await _api.SendAsync(HttpMethod.Post, path + "/restore", (string?)null)).ShouldBe(200);
        restored.Version.ShouldBe(3);
        restored.String("reference").ShouldBe("back-again");
        (await _api.GetAsync(path)).ShouldBe(200).Version.ShouldBe(3);
    }

    [Fact]
    public async Task An_order_that_is_not_deleted_is_restored_without_a_change()
    {
        var path = "/orders/" + await _api.PlaceAsync();
        (await _api.PostAsync(path + "/restore", """{"reason": "to be sure"}""")).ShouldBe(200).Version.ShouldBe(1);
    }

    [Fact]
    public async Task An_order_whose_reference_another_took_meanwhile_is_not_restored()
    {
        var json = AnOrder.With("""  "reference": "taken-meanwhile"  """);
        var path = "/orders/" + await _api.PlaceAsync(json);
        (await _api.DeleteAsync(path)).ShouldBe(204);
        var other = await _api.PlaceAsync(json);

        (await _api.PostAsync(path + "/restore", "{}")).ShouldRefuse(409, "reference-taken")
            .String("orderId").ShouldBe(other);
        (await _api.DeleteAsync("/orders/" + other)).ShouldBe(204);
        (await _api.PostAsync(path + "/restore", "{}")).ShouldBe(200);
    }

    [Fact]
    public async Task Reverting_makes_a_new_version_with_the_old_content()
    {
        var path = await server.PlaceOldAsync(AnOrder.With("""  "notes": "first", "reference": "revert-me"  """));
        (await _api.PatchAsync(path, """{"notes": null, "reference": null, "totalfee": 1}""")).ShouldBe(200);
        var reverted = (await _api.PostAsync(path + "/revert", """{"to": 1, "reason": "a mistake"}""")).ShouldBe(200);

        reverted.Version.ShouldBe(3);
        reverted.String("notes").ShouldBe("first");
        reverted.String("reference").ShouldBe("revert-me");
        reverted.Raw("totalfee").ShouldBe("59.95");
    }

    [Theory]
    [InlineData("""{"to": 9, "reason": "x"}""", 422, "#/to out-of-range")]
    [InlineData("""{"to": 0, "reason": "x"}""", 422, "#/to out-of-range")]
    [InlineData("""{"to": 1}""", 400, "#/reason missing-field")]
    [InlineData("""{"reason": "x"}""", 400, "#/to missing-field")]
    public async Task A_revert_names_a_version_that_there_is_and_a_reason(string json, int status, string fault)
    {
        var path = await server.PlaceOldAsync();
        (await _api.PostAsync(path + "/revert", json)).ShouldBe(status).Faults.ShouldBe([fault]);
    }

    [Fact]
    public async Task A_young_order_can_be_updated_by_force_with_a_reason_that_the_revision_records()
    {
        var path = "/orders/" + await _api.PlaceAsync();
        (await _api.PatchAsync(path, """{"notes": "x"}""")).ShouldRefuse(409, "order-not-yet-updatable");
        (await _api.PatchAsync(path + "?force=true", """{"notes": "x"}""")).ShouldRefuse(400, "invalid-parameter");
        (await _api.PatchAsync(path + "?force=true&reason=typo", """{"notes": "x"}""")).ShouldBe(200);

        (await _api.GetAsync(path + "/revisions/2")).ShouldBe(200).String("reason").ShouldBe("typo");
    }

    [Fact]
    public async Task Force_takes_its_own_scope()
    {
        var path = "/orders/" + await _api.PlaceAsync();
        var caller = await server.CallerAsync("internal", "orders:read", "orders:write");

        (await caller.PatchAsync(path + "?force=true&reason=x", """{"notes": "x"}"""))
            .ShouldRefuse(403, "missing-scope").String("scope").ShouldBe("orders:force");
    }

    [Fact]
    public async Task A_dry_run_gives_the_result_and_stores_nothing()
    {
        var path = await server.PlaceOldAsync();
        var rows = await RowsAsync();

        (await _api.PostAsync("/orders?dryRun=true", AnOrder.Least)).ShouldBe(201).Header("Location").ShouldBeNull();
        (await _api.PatchAsync(path + "?dryRun=true", """{"notes": "x"}""")).ShouldBe(200)
            .String("notes").ShouldBe("x");
        (await _api.PostAsync(path + "/status?dryRun=true", """{"status": "confirmed"}""")).ShouldBe(200)
            .Version.ShouldBe(2);
        (await _api.DeleteAsync(path + "?dryRun=true")).ShouldBe(204);

        (await RowsAsync()).ShouldBe(rows);
        (await _api.GetAsync(path)).ShouldBe(200).Version.ShouldBe(1);
    }

    [Fact]
    public async Task A_dry_run_makes_every_check()
    {
        var json = AnOrder.With("""  "reference": "dry-taken"  """);
        var path = "/orders/" + await _api.PlaceAsync(json);

        (await _api.PostAsync("/orders?dryRun=true", json)).ShouldRefuse(409, "reference-taken");
        (await _api.PostAsync("/orders?dryRun=true", AnOrder.Of("""["nope"]"""))).ShouldRefuse(422, "unknown-service");
        (await _api.PatchAsync(path + "?dryRun=true", """{"notes": "x"}"""))
            .ShouldRefuse(409, "order-not-yet-updatable");
        (await _api.DeleteAsync(path + "?dryRun=true", ("If-Match", "\"v9\""))).ShouldRefuse(412, "stale-version");
    }

    [Fact]
    public async Task Every_write_refuses_a_stale_version_and_names_what_changed()
    {
        var path = await server.PlaceOldAsync();
        (await _api.PatchAsync(path, """{"notes": "x", "totalfee": 5}""")).ShouldBe(200);
        foreach (var (address, json) in new[]
        {
            ("/status", """{"status": "confirmed"}"""), ("/revert", """{"to": 1, "reason": "x"}"""), ("/restore", "{}"),
        })
        {
            foreach (var tags in (string[])["\"v1\"", "\"v1\", \"v99\""])
            {
                var stale = await _api.PostAsync(path + address, json, ("If-Match", tags));
                stale.ShouldRefuse(412, "stale-version").Version.ShouldBe(2);
                stale.Raw("changedFields").ShouldBe("""["totalfee","adjustment","notes"]""");
            }
        }

        (await _api.PostAsync(path + "/status", """{"status": "confirmed", "version": 1}"""))
            .ShouldRefuse(412, "stale-version");
    }

    private Task<long> RowsAsync() => server.Database.SingleAsync<long>(
        "select (select count(*) from orders) + (select count(*) from revisions) "
            + "+ (select count(*) from order_references)");
}
