using System.Diagnostics;
using System.Text.Json;
using Orderly.EndToEndTests.Faults;
using Orderly.EndToEndTests.Running;
using Orderly.EndToEndTests.Work;

namespace Orderly.EndToEndTests;

/// <summary>
/// The clock of the machine jumps, for the server and its database, forward by a day and back by more. Answered as
/// docs/operations/faults.md says.
/// </summary>
[Collection(Soak.OneAtATime)]
public sealed class ClockJumpTests(ITestOutputHelper output)
{
    private const int QuickSeconds = 5;
    private const int SlackSeconds = 30;
    private const string Order = """{"datetime": "2026-11-24T09:30:00Z", "totalfee": 5, "services": ["deep-clean"]}""";

    /// <summary>From the real time: a day ahead, two hours behind, and right again.</summary>
    private static readonly TimeSpan[] Jumps = [TimeSpan.FromDays(1), TimeSpan.FromHours(-2), TimeSpan.Zero];

    [Fact]
    public async Task Whichever_way_the_clock_jumps_everything_goes_on_and_times_within_an_order_grow()
    {
        using var clock = await ShiftedClock.MakeAsync();
        Assert.SkipWhen(clock is null, "There is no C compiler to make a clock with that jumps.");
        await using var server = await LoneServer.StartAsync(clock.Settings);
        using var client = new OrderlyClient(server.Address, bug: null);
        var id = (await PlaceAsync(client)).GetProperty("id").GetString();
        (await UpdateAsync(client, id, version: 1)).Code.ShouldBe("order-not-yet-updatable");
        var key = (await client.SendAsync(HttpMethod.Post, "/keys",
            $$"""{"name": "for an hour", "role": "viewer", "expiresAt": "{{InAnHour()}}"}""")).Body;
        var (events, token) = await WholeFeed.ReadAsync(client, after: null, count: 1);
        var version = 1;

        foreach (var jump in Jumps)
        {
            await clock.JumpToAsync(jump);
            var placed = await PlaceAsync(client);
            var shift = placed.GetProperty("createdAt").GetDateTimeOffset() - TimeProvider.System.GetUtcNow();
            (shift - jump).Duration().TotalSeconds.ShouldBeLessThan(SlackSeconds, "the jump is a real one");

            // The window is the database's clock: a day ahead it is open, before its time it is not.
            (await UpdateAsync(client, id, version)).Status.ShouldBe(jump > TimeSpan.FromHours(3) ? 200 : 409);
            version += jump > TimeSpan.FromHours(3) ? 1 : 0;
            (await client.SendAsync(HttpMethod.Delete, "/orders/" + id, json: null)).Status.ShouldBe(204);
            (await client.SendAsync(HttpMethod.Post, $"/orders/{id}/restore", "{}")).Status.ShouldBe(200);
            version += 2;
            (await StatusWithAsync(server, key.GetProperty("key").GetString()!))
                .ShouldBe(jump > TimeSpan.FromHours(1) ? 401 : 200, "keys expire by the database's clock");

            var since = Stopwatch.GetTimestamp();
            var written = jump > TimeSpan.FromHours(3) ? 4 : 3;
            var (more, next) = await WholeFeed.ReadAsync(client, token, written);
            Stopwatch.GetElapsedTime(since).TotalSeconds.ShouldBeLessThan(QuickSeconds, "nobody waits by this clock");
            more.Count.ShouldBe(written);
            (events, token) = ([.. events, .. more], next);
            (await client.GetAsync("/health/ready")).Status.ShouldBe(200);
            output.WriteLine($"{jump}: {more.Count} events");
        }

        var revisions = (await client.GetAsync($"/orders/{id}/revisions?limit=500")).Body.GetProperty("data")
            .EnumerateArray().OrderBy(revision => revision.GetProperty("version").GetInt32())
            .Select(revision => revision.GetProperty("at").GetDateTimeOffset()).ToList();
        revisions.Count.ShouldBe(version);
        revisions.Zip(revisions.Skip(1)).ShouldAllBe(pair => pair.First < pair.Second);
        var (all, _) = await WholeFeed.ReadAsync(client, after: null, events.Count);
        all.Select(one => (one.Order, one.Version)).ShouldBe(events.Select(one => (one.Order, one.Version)));
        (await server.StopAsync()).ShouldBe(0);
        var verdict = await BackupScripts.CommandAsync(
            "verify", ("Orderly__DataDirectory", Path.Combine(server.Directory, "data")));
        verdict.ExitCode.ShouldBe(0, verdict.Output);
        server.LogLines.Where(line => line.Contains("\"level\":\"Error\"")).ShouldBeEmpty();
    }

    private static async Task<JsonElement> PlaceAsync(OrderlyClient client)
    {
        var answer = await client.SendAsync(HttpMethod.Post, "/orders", Order);
        answer.ShouldHaveStatus(201);
        return answer.Body;
    }

    private static Task<Attempt> UpdateAsync(OrderlyClient client, string? id, int version) =>
        client.SendAsync(HttpMethod.Patch, "/orders/" + id,
            $$"""{"totalfee": {{version + 10}}}""", ("If-Match", $"\"v{version}\""));

    private static async Task<int> StatusWithAsync(LoneServer server, string key)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        using var answer = await http.GetAsync(new Uri(server.Address, "/orders?limit=1"));
        return (int)answer.StatusCode;
    }

    private static string InAnHour() => TimeProvider.System.GetUtcNow().AddHours(1).ToString("O");
}
