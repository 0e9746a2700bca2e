using System.Diagnostics;
using System.Net.Http.Headers;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>GET /changes for readers who wait for long.</summary>
public sealed class FeedWaitingTests(FeedWaitingTests.LivelyServer server)
    : IClassFixture<FeedWaitingTests.LivelyServer>, IDisposable
{
    private const int PatienceSeconds = 20;

    private readonly Api _api = server.Api;
    private readonly HttpClient _http = new() { BaseAddress = server.Address };

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task A_reader_is_answered_in_time_whatever_happens_that_it_does_not_want()
    {
        var token = await server.EndOfFeedAsync();
        var clock = Stopwatch.StartNew();
        var waiting = _api.GetAsync($"/changes?after={token}&wait=1&type=order.erased");
        while (!waiting.IsCompleted && clock.Elapsed.TotalSeconds < PatienceSeconds)
        {
            await _api.PlaceAsync();
        }

        clock.Elapsed.TotalSeconds.ShouldBeLessThan(PatienceSeconds);
        var page = (await waiting).ShouldBe(200);
        page.At("data").GetArrayLength().ShouldBe(0);
        page.String("next").ShouldNotBe(token);
    }

    [Fact]
    public async Task A_stream_shows_that_it_is_alive_and_how_far_it_is_whatever_happens_that_its_reader_does_not_want()
    {
        var token = await server.EndOfFeedAsync();
        using var done = new CancellationTokenSource(TimeSpan.FromSeconds(PatienceSeconds));
        var writing = WriteUntilAsync(done.Token);
        string[] ids;
        using (var stream = await OpenAsync($"/changes?type=order.erased&after={token}"))
        {
            using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync(done.Token));
            ids = [await BeatAsync(reader, done.Token), await BeatAsync(reader, done.Token)];
        }

        await done.CancelAsync();
        await writing;
        ids.ShouldBeUnique();
        ids.ShouldNotContain(token);
        using var next = await OpenAsync("/changes", ("Last-Event-ID", ids[1]));
        ((int)next.StatusCode).ShouldBe(200);
    }

    [Fact]
    public async Task What_is_wanted_is_found_behind_whatever_is_not()
    {
        var token = await server.EndOfFeedAsync();
        var id = await _api.PlaceAsync();
        for (var i = 0; i < 120; i++)
        {
            await _api.PlaceAsync();
        }

        (await _api.DeleteAsync($"/orders/{id}")).ShouldBe(204);

        var page = (await _api.GetAsync($"/changes?after={token}&limit=10&wait=10&type=order.deleted,order.erased"))
            .ShouldBe(200);
        page.At("data").GetArrayLength().ShouldBe(1);
        page.String("data/0/subject").ShouldBe(id);
        page.String("data/0/type").ShouldBe("order.deleted");
        (await _api.GetAsync($"/changes?after={page.String("next")}")).At("data").GetArrayLength().ShouldBe(0);

        var first = (await _api.GetAsync($"/changes?after={token}&limit=100&type=order.placed")).ShouldBe(200);
        first.At("data").GetArrayLength().ShouldBe(100);
        var rest = (await _api.GetAsync($"/changes?after={first.String("next")}&limit=100&type=order.placed"))
            .ShouldBe(200);
        var all = (await _api.GetAsync($"/changes?after={token}&limit=500")).At("data").EnumerateArray();
        rest.At("data").GetArrayLength().ShouldBe(
            all.Count(change => change.GetProperty("type").ValueEquals("order.placed")) - 100);
    }

    [Fact]
    public async Task A_reader_that_refuses_a_stream_gets_a_page()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/changes");
        request.Headers.Add("X-Api-Key", RunningServer.Key);
        request.Headers.Add("Accept", "application/json, text/event-stream;q=0");
        using var answer = await _http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
    }

    private async Task WriteUntilAsync(CancellationToken done)
    {
        while (!done.IsCancellationRequested)
        {
            await _api.PlaceAsync();
        }
    }

    /// <summary>The id of the next sign of life: a comment and an id, and no event.</summary>
    private static async Task<string> BeatAsync(StreamReader reader, CancellationToken stop)
    {
        (await reader.ReadLineAsync(stop)).ShouldNotBeNull().ShouldStartWith(":");
        var id = (await reader.ReadLineAsync(stop)).ShouldNotBeNull();
        id.ShouldStartWith("id: ");
        (await reader.ReadLineAsync(stop)).ShouldBe("");
        return id[4..];
    }

    private async Task<HttpResponseMessage> OpenAsync(string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("X-Api-Key", RunningServer.Key);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await _http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    /// <summary>Shows often that it is alive.</summary>
    public sealed class LivelyServer(TestCluster cluster) : RunningServer(cluster)
    {
        protected override IReadOnlyList<(string Name, string Value)> Settings =>
            [("Changes:HeartbeatEvery", "00:00:01")];
    }
}
