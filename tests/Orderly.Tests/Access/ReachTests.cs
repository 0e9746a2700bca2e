using System.Text.Json;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Access;

/// <summary>For a key that reaches its own team, the orders of others are not there.</summary>
public sealed class ReachTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const string Editor = """{"name": "e", "team": "{0}", "scopes": [{1}]}""";

    private const string Scopes =
        "\"orders:read\", \"orders:write\", \"orders:delete\", \"orders:force\", \"changes:read\"";

    [Theory]
    [InlineData("GET", "", null)]
    [InlineData("HEAD", "", null)]
    [InlineData("GET", "?asOf=2200-01-01T00:00:00Z", null)]
    [InlineData("PUT", "?force=true&reason=r", """{"datetime": "2026-11-23T09:30:00Z", "services": ["window"]}""")]
    [InlineData("PATCH", "?force=true&reason=r", """{"notes": "n"}""")]
    [InlineData("PATCH", "", """{"notes": "n"}""")]
    [InlineData("DELETE", "", null)]
    [InlineData("POST", "/status", """{"status": "confirmed"}""")]
    [InlineData("POST", "/revert", """{"to": 1, "reason": "r"}""")]
    [InlineData("POST", "/restore", "{}")]
    [InlineData("GET", "/revisions", null)]
    [InlineData("GET", "/revisions/1", null)]
    [InlineData("GET", "/revisions/99", null)]
    public async Task An_order_of_another_team_is_not_found_on_any_path(string method, string path, string? body)
    {
        var ours = await CallerAsync("ours");
        var theirs = "/orders/" + await (await CallerAsync("theirs")).PlaceAsync();
        (string, string)[] headers =
            method == "PATCH" ? [("Content-Type", "application/merge-patch+json")] : [];

        var reply = await ours.SendAsync(new HttpMethod(method), theirs + path, body, headers);
        var never = await ours.SendAsync(
            new HttpMethod(method), "/orders/01a209de-90dc-7f55-a5a7-91d28fe76cf3" + path, body, headers);

        reply.ShouldBe(404);
        never.ShouldBe(404);
        if (method != "HEAD")
        {
            reply.ShouldRefuse(404, "order-not-found");
            never.ShouldRefuse(404, "order-not-found");
        }

        (await server.Api.GetAsync(theirs)).ShouldBe(200).Version.ShouldBe(1);
    }

    [Fact]
    public async Task A_deleted_order_of_another_team_can_not_be_restored()
    {
        var ours = await CallerAsync("ours");
        var other = await CallerAsync("theirs");
        var theirs = "/orders/" + await other.PlaceAsync();
        (await other.DeleteAsync(theirs)).ShouldBe(204);

        (await ours.PostAsync(theirs + "/restore", "{}")).ShouldRefuse(404, "order-not-found");
        (await ours.GetAsync(theirs + "/revisions")).ShouldRefuse(404, "order-not-found");
        (await other.PostAsync(theirs + "/restore", "{}")).ShouldBe(200);
    }

    [Fact]
    public async Task Both_teams_can_use_the_same_reference()
    {
        var ours = await CallerAsync("ours");
        var theirs = await CallerAsync("theirs");
        (await theirs.PostAsync("/orders", AnOrder.With("\"reference\": \"same\""))).ShouldBe(201);
        var first = (await ours.PostAsync("/orders", AnOrder.With("\"reference\": \"same\""))).ShouldBe(201);

        (await ours.PostAsync("/orders", AnOrder.With("\"reference\": \"same\"")))
            .ShouldRefuse(409, "reference-taken").String("orderId").ShouldBe(first.Id);
    }

    [Fact]
    public async Task The_feed_leaves_out_events_of_other_teams_and_still_goes_on()
    {
        var ours = await CallerAsync("feed-ours");
        var theirs = await CallerAsync("feed-theirs");
        var start = await EndAsync(ours);
        await theirs.PlaceAsync();
        var own = await ours.PlaceAsync();
        await theirs.PlaceAsync();

        var (subjects, end) = await WalkAsync(ours, start, until: own);

        subjects.ShouldBe([own]);
        end.ShouldNotBe(start);
        (await WalkAsync(server.Api, start, until: own)).Subjects.Count.ShouldBeGreaterThan(1);

        var last = await theirs.PlaceAsync();
        await WalkAsync(theirs, end, until: last);
        var after = (await ours.GetAsync($"/changes?after={end}")).ShouldBe(200);
        after.At("data").GetArrayLength().ShouldBe(0);
        after.String("next").ShouldNotBe(end);
    }

    [Fact]
    public async Task The_event_stream_leaves_out_events_of_other_teams()
    {
        var made = (await server.Api.PostAsync("/keys",
            """{"name": "s", "team": "stream-ours", "scopes": ["orders:write", "changes:read"]}""")).ShouldBe(201);
        using var ours = new Api(server.Address, made.String("key"));
        var theirs = await CallerAsync("stream-theirs");
        var foreign = await theirs.PlaceAsync();
        var own = await ours.PlaceAsync();

        using var http = new HttpClient();
        http.BaseAddress = server.Address;
        http.DefaultRequestHeaders.Add("X-Api-Key", made.String("key"));
        http.DefaultRequestHeaders.Add("Accept", "text/event-stream");
        using var reader = new StreamReader(await http.GetStreamAsync(
            new Uri("/changes", UriKind.Relative), TestContext.Current.CancellationToken));
        var subjects = new List<string?>();
        while (!subjects.Contains(own))
        {
            var line = (await reader.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldNotBeNull();
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                subjects.Add(JsonSerializer.Deserialize<JsonElement>(line[6..]).GetProperty("subject").GetString());
            }
        }

        subjects.ShouldBe([own]);
        subjects.ShouldNotContain(foreign);
    }

    [Fact]
    public async Task A_key_that_reached_farther_once_gets_no_answer_of_then_again()
    {
        var theirs = "/orders/" + await (await CallerAsync("theirs")).PlaceAsync();
        var (id, wide) = await server.MakeKeyAsync(
            """{"name": "w", "team": "ours", "reach": "all", "scopes": ["orders:read", "orders:write"]}""");
        const string body = """{"status": "confirmed"}""";
        (await wide.PostAsync(theirs + "/status", body, ("Idempotency-Key", "wide-1"))).ShouldBe(200);
        (await server.Api.PatchAsync("/keys/" + id, """{"reach": "team"}""")).ShouldBe(200);

        (await wide.PostAsync(theirs + "/status", body, ("Idempotency-Key", "wide-1")))
            .ShouldRefuse(404, "order-not-found");
    }

    private async Task<Api> CallerAsync(string team) => (await server.MakeKeyAsync(
        Editor.Replace("{0}", team, StringComparison.Ordinal).Replace("{1}", Scopes, StringComparison.Ordinal))).Caller;

    private static async Task<string> EndAsync(Api api)
    {
        var next = (await api.GetAsync("/changes?limit=500")).String("next")!;
        while ((await api.GetAsync($"/changes?limit=500&after={next}")).String("next") is { } further
            && further != next)
        {
            next = further;
        }

        return next;
    }

    private static async Task<(List<string> Subjects, string End)> WalkAsync(Api api, string after, string until)
    {
        var subjects = new List<string>();
        while (!subjects.Contains(until))
        {
            var page = (await api.GetAsync($"/changes?wait=5&after={after}")).ShouldBe(200);
            subjects.AddRange(page.At("data").EnumerateArray().Select(row => row.GetProperty("subject").GetString()!));
            after = page.String("next")!;
        }

        return (subjects, after);
    }
}
