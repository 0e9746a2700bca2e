using System.Diagnostics;
using System.Net.Http.Headers;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>GET /changes.</summary>
public sealed class OrderFeedTests(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly Api _api = server.Api;

    [Fact]
    public async Task Every_change_is_an_event_with_the_order_as_it_stood()
    {
        var token = await server.EndOfFeedAsync();
        var id = await _api.PlaceAsync(AnOrder.With("""  "reference": "event-one"  """));
        (await _api.PostAsync($"/orders/{id}/status", """{"status": "confirmed", "reason": "paid"}""")).ShouldBe(200);
        (await _api.DeleteAsync("/orders/" + id)).ShouldBe(204);
        (await _api.PostAsync($"/orders/{id}/restore", "{}")).ShouldBe(200);

        var events = await ReadAsync(token, id, 4);
        events.Select(change => change.GetProperty("type").GetString()).ShouldBe(
            ["order.placed", "order.status-changed", "order.deleted", "order.restored"]);
        events.Select(change => change.GetProperty("data").GetProperty("version").GetInt32()).ShouldBe([1, 2, 3, 4]);
        var changed = events[1];
        changed.GetProperty("specversion").GetString().ShouldBe("1.0");
        changed.GetProperty("id").GetString().ShouldBe(id + "/2");
        changed.GetProperty("source").GetString().ShouldBe("/orders");
        changed.GetProperty("subject").GetString().ShouldBe(id);
        changed.GetProperty("data").GetProperty("actor").GetString().ShouldBe("bootstrap");
        changed.GetProperty("data").GetProperty("reason").GetString().ShouldBe("paid");
        changed.GetProperty("data").GetProperty("changedFields").GetRawText().ShouldBe("[\"status\"]");
        changed.GetProperty("data").GetProperty("order").GetProperty("status").GetString().ShouldBe("confirmed");
    }

    [Fact]
    public async Task Pages_hold_each_event_once_and_next_goes_on_for_ever()
    {
        var token = await server.EndOfFeedAsync();
        var ids = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _api.PlaceAsync()));
        var subjects = new List<string>();
        while (subjects.Count(ids.Contains) < ids.Length)
        {
            var page = (await _api.GetAsync($"/changes?after={token}&limit=3&wait=10")).ShouldBe(200);
            subjects.AddRange(page.At("data").EnumerateArray().Select(row => row.GetProperty("subject").GetString()!));
            token = page.String("next")!;
        }

        subjects.Where(ids.Contains).Order(StringComparer.Ordinal).ShouldBe(ids.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("&type=order.placed")]
    public async Task A_page_of_very_large_orders_ends_early_and_the_next_ones_have_the_rest(string types)
    {
        var token = await server.EndOfFeedAsync();
        var ids = new List<string>();
        for (var i = 0; i < 16; i++)
        {
            ids.Add(await _api.PlaceAsync(AnOrder.Large()));
        }

        await server.EndOfFeedAsync(); // all of them have their place
        var first = (await _api.GetAsync($"/changes?after={token}&limit=500{types}")).ShouldBe(200);
        first.At("data").GetArrayLength().ShouldBeInRange(2, 15);
        var rest = await _api.GetAsync($"/changes?after={first.String("next")}&limit=500{types}");
        first.At("data").EnumerateArray().Concat(rest.ShouldBe(200).At("data").EnumerateArray())
            .Select(row => row.GetProperty("subject").GetString()!).ShouldBe(ids);
    }

    [Fact]
    public async Task A_reader_that_waits_is_told_as_soon_as_something_happens()
    {
        var token = await server.EndOfFeedAsync();
        var waiting = _api.GetAsync($"/changes?after={token}&wait=30");
        var start = Stopwatch.StartNew();
        await _api.PlaceAsync();

        (await waiting).ShouldBe(200).At("data").GetArrayLength().ShouldBeGreaterThan(0);
        start.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_reader_that_waits_in_vain_is_answered_with_nothing()
    {
        var caller = await server.CallerAsync("feed", "changes:read");
        var token = (await caller.GetAsync("/changes?type=order.restored&limit=500")).ShouldBe(200).String("next");
        var page = (await caller.GetAsync($"/changes?after={token}&wait=1&type=order.restored")).ShouldBe(200);

        page.At("data").GetArrayLength().ShouldBe(0);
        page.String("next").ShouldNotBeNull();
    }

    [Fact]
    public async Task Only_the_wanted_types_are_given()
    {
        var token = await server.EndOfFeedAsync();
        var id = await _api.PlaceAsync();
        (await _api.DeleteAsync("/orders/" + id)).ShouldBe(204);
        await ReadAsync(token, id, 2);

        var page = (await _api.GetAsync($"/changes?after={token}&type=order.deleted,order.restored&limit=500"))
            .ShouldBe(200);
        page.At("data").EnumerateArray().Where(row => row.GetProperty("subject").GetString() == id)
            .ShouldHaveSingleItem().GetProperty("type").GetString().ShouldBe("order.deleted");
    }

    [Theory]
    [InlineData("?after=nonsense", "after invalid-token")]
    [InlineData("?type=order.shipped", "type invalid-parameter")]
    [InlineData("?wait=31", "wait invalid-parameter")]
    [InlineData("?limit=0", "limit invalid-parameter")]
    [InlineData("?since=1", "since unknown-parameter")]
    public async Task What_cannot_be_asked_is_refused(string query, string fault)
    {
        (await _api.GetAsync("/changes" + query)).ShouldBe(400).Faults.ShouldBe([fault]);
    }

    [Theory]
    [InlineData("text/event-stream, application/json", "text/event-stream")]
    [InlineData("text/event-stream;q=0.5, application/json", "application/json")]
    [InlineData("application/json;q=0.9, text/event-stream;q=0.5", "application/json")]
    [InlineData("text/event-stream;q=0.5, */*", "application/json")]
    [InlineData("text/event-stream, */*;q=0.1", "text/event-stream")]
    [InlineData("text/event-stream;q=0", "application/json")]
    [InlineData("*/*", "application/json")]
    public async Task The_form_is_the_one_that_is_asked_for_most(string accept, string mediaType)
    {
        var reply = (await _api.HeadAsync("/changes", ("Accept", accept))).ShouldBe(200);
        reply.Header("Content-Type").ShouldBe(mediaType);
        reply.Header("Cache-Control").ShouldBe("private, no-cache");
        reply.Header("Vary").ShouldBe("X-Api-Key, Authorization");
    }

    [Fact]
    public async Task A_stream_gives_events_as_they_come_and_goes_on_after_the_last_one_that_was_seen()
    {
        var token = await server.EndOfFeedAsync();
        var first = await _api.PlaceAsync();
        await ReadAsync(token, first, 1);
        var seen = await StreamAsync("/changes?after=" + token, lastEventId: null, first);
        var second = await _api.PlaceAsync();

        var next = await StreamAsync("/changes?after=" + token, seen.Id, second);
        next.Subjects.ShouldNotContain(first);
    }

    /// <summary>The events of an order behind a token, once there are so many.</summary>
    private async Task<List<System.Text.Json.JsonElement>> ReadAsync(string token, string id, int count)
    {
        var events = new List<System.Text.Json.JsonElement>();
        while (events.Count < count)
        {
            var page = (await _api.GetAsync($"/changes?after={token}&limit=500&wait=30")).ShouldBe(200);
            page.At("data").GetArrayLength().ShouldBeGreaterThan(0);
            events.AddRange(page.At("data").EnumerateArray()
                .Where(row => row.GetProperty("subject").GetString() == id));
            token = page.String("next")!;
        }

        return events;
    }

    /// <summary>Reads a stream until there is an event of the order.</summary>
    private async Task<(string Id, List<string> Subjects)> StreamAsync(string path, string? lastEventId, string until)
    {
        using var http = new HttpClient { BaseAddress = server.Address };
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("X-Api-Key", RunningServer.Key);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        var stop = TestContext.Current.CancellationToken;
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(stop));
        var id = "";
        var subjects = new List<string>();
        while (await reader.ReadLineAsync(stop) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                id = line[4..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                subjects.Add(
                    System.Text.Json.JsonDocument.Parse(line[6..]).RootElement.GetProperty("subject").GetString()!);
                if (subjects[^1] == until)
                {
                    return (id, subjects);
                }
            }
        }

        throw new InvalidOperationException("The stream ended.");
    }
}
