using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>
/// Which refusal wins where a request has two faults: 401, 403, 415/413, 400, 404, 412/428, 409, 422.
/// </summary>
public sealed class RefusalOrderTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const string Nobody = "/orders/019ab2c3-0000-7000-8000-000000000000";
    private static readonly (string, string) WrongKey = ("X-Api-Key", "no-such-key");
    private static readonly (string, string) WrongType = ("Content-Type", "text/plain");
    private static readonly (string, string) Stale = ("If-Match", "\"v9\"");
    private static readonly string Large = AnOrder.With($"\"notes\": \"{new string('n', 1024 * 1024)}\"");
    private readonly Api _api = server.Api;

    [Fact]
    public async Task A_wrong_key_wins_over_everything()
    {
        (await _api.PutAsync(Nobody, "{", WrongKey, WrongType)).ShouldRefuse(401, "unknown-key");
        (await _api.GetAsync("/no/such/address", WrongKey)).ShouldRefuse(401, "unknown-key");
        (await _api.SendAsync(HttpMethod.Trace, "/orders", json: null, WrongKey)).ShouldRefuse(401, "unknown-key");
    }

    [Fact]
    public async Task A_missing_scope_wins_over_the_media_type_and_the_body()
    {
        var reader = await server.CallerAsync("reading", "orders:read");

        (await reader.PostAsync("/orders", "{", WrongType)).ShouldRefuse(403, "missing-scope");
        (await reader.DeleteAsync(Nobody)).ShouldRefuse(403, "missing-scope");
    }

    [Fact]
    public async Task The_media_type_wins_over_the_size_and_the_size_over_the_content()
    {
        (await _api.PostAsync("/orders", Large, WrongType)).ShouldRefuse(415, "unsupported-media-type");
        (await _api.PostAsync("/orders?x=1", Large.Replace('{', '['))).ShouldRefuse(413, "body-too-large");
        (await _api.PutAsync(Nobody, "{", WrongType)).ShouldRefuse(415, "unsupported-media-type");
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    public async Task An_unreadable_body_wins_over_an_order_that_is_not_there(string body) =>
        (await _api.PutAsync(Nobody, body)).ShouldBe(400);

    [Fact]
    public async Task An_unreadable_query_or_tag_wins_over_an_order_that_is_not_there()
    {
        (await _api.PutAsync(Nobody + "?x=1", AnOrder.Least)).ShouldRefuse(400, "unknown-parameter");
        (await _api.PutAsync(Nobody, AnOrder.Least, ("If-Match", "v1"))).ShouldRefuse(400, "invalid-precondition");
        (await _api.DeleteAsync(Nobody, ("If-Match", "v1"))).ShouldRefuse(400, "invalid-precondition");
    }

    [Fact]
    public async Task An_order_that_is_not_there_wins_over_a_stale_tag_and_an_unacceptable_body() =>
        (await _api.PutAsync(Nobody, AnOrder.Of("[]"), Stale)).ShouldRefuse(404, "order-not-found");

    [Fact]
    public async Task A_stale_tag_wins_over_the_window_a_closed_order_and_an_unacceptable_body()
    {
        var young = "/orders/" + await _api.PlaceAsync();
        var closed = await ClosedAsync("completed");

        (await _api.PutAsync(young, AnOrder.Of("[]"), Stale)).ShouldRefuse(412, "stale-version");
        (await _api.PutAsync(closed, AnOrder.Of("[]"), Stale)).ShouldRefuse(412, "stale-version");
    }

    [Theory]
    [InlineData("completed")]
    [InlineData("cancelled")]
    public async Task A_closed_order_wins_over_the_window_and_an_unacceptable_body(string status)
    {
        var path = await ClosedAsync(status);

        (await _api.PutAsync(path, AnOrder.Of("[]"))).ShouldRefuse(409, "order-closed");
        (await _api.PatchAsync(path, "{}")).ShouldRefuse(409, "order-closed");
    }

    [Fact]
    public async Task The_window_wins_over_an_unacceptable_body_and_a_taken_reference()
    {
        await _api.PlaceAsync(AnOrder.With("\"reference\": \"taken-1\""));
        var young = "/orders/" + await _api.PlaceAsync();

        (await _api.PutAsync(young, AnOrder.Of("""["nope"]"""))).ShouldRefuse(409, "order-not-yet-updatable");
        (await _api.PatchAsync(young, """{"number": 0}""")).ShouldRefuse(409, "order-not-yet-updatable");
        (await _api.PatchAsync(young, """{"reference": "taken-1"}""")).ShouldRefuse(409, "order-not-yet-updatable");
        (await _api.PatchAsync(young, "{}")).ShouldRefuse(409, "order-not-yet-updatable");
    }

    [Fact]
    public async Task An_unacceptable_body_wins_over_a_taken_reference()
    {
        await _api.PlaceAsync(AnOrder.With("\"reference\": \"taken-2\""));
        var old = await server.PlaceOldAsync();
        var body = AnOrder.Of("""["nope"]""", "\"reference\": \"taken-2\"");

        (await _api.PostAsync("/orders", body)).ShouldRefuse(422, "unknown-service");
        (await _api.PutAsync(old, body)).ShouldRefuse(422, "unknown-service");
    }

    [Fact]
    public async Task Where_something_is_unreadable_only_that_is_told() =>
        (await _api.PostAsync("/orders", AnOrder.Of("""["nope"]""", "\"totalfee\": -1, \"reference\": 5")))
            .ShouldRefuse(400, "wrong-type", "#/reference");

    [Fact]
    public async Task An_unreadable_body_and_an_unreadable_query_are_told_at_once()
    {
        foreach (var reply in (Reply[])
        [
            await _api.PostAsync("/orders?x=1", AnOrder.With("\"reference\": 5")),
            await _api.PutAsync(Nobody + "?x=1", AnOrder.With("\"reference\": 5")),
        ])
        {
            reply.ShouldBe(400).Faults.ShouldBe(
                ["#/reference wrong-type", "x unknown-parameter"], ignoreOrder: true);
        }
    }

    [Fact]
    public async Task An_unreadable_tag_is_told_with_all_else_that_is_unreadable()
    {
        foreach (var path in (string[])[Nobody, "/services/window"])
        {
            var reply = await _api.PutAsync(path + "?x=1", """{"notse": 1}""", ("If-Match", "v1"));
            var faults = reply.ShouldBe(400).Faults;
            faults.ShouldContain("#/notse unknown-field");
            faults.ShouldContain("x unknown-parameter");
            faults.ShouldContain("If-Match invalid-precondition");
        }

        (await _api.DeleteAsync(Nobody + "?x=1", ("If-Match", "v1"))).ShouldRefuse(400, "invalid-query").Faults
            .ShouldBe(["x unknown-parameter", "If-Match invalid-precondition"], ignoreOrder: true);
        (await _api.DeleteAsync("/services/window?x=1", ("If-Match", "v1"))).ShouldRefuse(400, "invalid-query").Faults
            .ShouldBe(["x unknown-parameter", "If-Match invalid-precondition"], ignoreOrder: true);
    }

    [Fact]
    public async Task What_is_not_json_is_told_as_a_fault_with_what_is_wrong_with_the_query()
    {
        (await _api.PostAsync("/orders", "{")).ShouldRefuse(400, "malformed-json", "#");
        foreach (var path in (string[])["/orders", "/keys"])
        {
            (await _api.PostAsync(path + "?x=1", "{")).ShouldRefuse(400, "invalid-body").Faults
                .ShouldBe(["# malformed-json", "x unknown-parameter"]);
        }

        (await _api.PutAsync("/services/window?x=1", "{")).ShouldRefuse(400, "invalid-body").Faults
            .ShouldBe(["# malformed-json", "x unknown-parameter"]);
    }

    [Fact]
    public async Task What_is_not_json_is_told_with_what_is_wrong_with_the_headers()
    {
        string[] all = ["# malformed-json", "Idempotency-Key invalid-idempotency-key", "If-Match invalid-precondition"];
        (string, string) tag = ("If-Match", "v1");
        (string, string) key = ("Idempotency-Key", "two words");

        (await _api.PostAsync(Nobody + "/status", "{", tag, key)).ShouldRefuse(400, "invalid-body").Faults
            .ShouldBe(all);
        foreach (var path in (string[])[Nobody, "/services/window", "/keys/nobody"])
        {
            (await _api.PatchAsync(path, "{", tag, key)).ShouldRefuse(400, "invalid-body").Faults.ShouldBe(all);
        }

        foreach (var path in (string[])[Nobody, "/services/window"])
        {
            (await _api.PutAsync(path, "{", tag, key)).ShouldRefuse(400, "invalid-body").Faults
                .ShouldBe([all[0], all[2]]);
        }

        // There is no version that a new order could be based on, so the tag counts for nothing.
        (await _api.PostAsync("/orders", "{", tag, key)).ShouldRefuse(400, "invalid-body").Faults
            .ShouldBe([all[0], all[1]]);
    }

    private async Task<string> ClosedAsync(string status)
    {
        var id = await _api.PlaceAsync();
        await server.Database.ExecuteAsync(
            "update orders set status = $2 where order_id = $1", Guid.Parse(id), status);
        return "/orders/" + id;
    }
}
