using System.Collections.Concurrent;
using System.Diagnostics;
using Orderly.EndToEndTests.Running;
using Orderly.EndToEndTests.Work;

namespace Orderly.EndToEndTests;

/// <summary>How long events take from the answer of their write to a reader, in milliseconds.</summary>
internal sealed record FeedDelays(string Reader, int Count, double Median, double P99)
{
    public override string ToString() => $"{Reader}: p50 {Median:0} ms, p99 {P99:0} ms of {Count} events";
}

/// <summary>
/// Measures from the answer of a write, which comes after its commit, to the arrival of its event at a reader by long
/// polls and at a reader of the stream. Writes go through both servers in turn, the readers follow one each.
/// </summary>
internal static class FeedDelay
{
    private const int ArrivalTimeoutSeconds = 30;

    /// <param name="writes">How many events are measured.</param>
    /// <param name="writers">How many write at a time; one: the servers are idle but for it.</param>
    /// <param name="pauseMillisecondsMax">The longest pause of a writer between two writes.</param>
    public static async Task<IReadOnlyList<FeedDelays>> MeasureAsync(int writes, int writers, int pauseMillisecondsMax)
    {
        await using var installation = await Installation.StartAsync([]);
        using var first = new OrderlyClient(installation.Servers[0].Address, bug: null, ArrivalTimeoutSeconds);
        using var second = new OrderlyClient(installation.Servers[1].Address, bug: null, ArrivalTimeoutSeconds);
        await first.SendAsync(HttpMethod.Put, "/services/deep-clean", """{"name": "Deep clean", "fee": 20}""");
        using var stop = new CancellationTokenSource();
        (string Name, EventArrivals Arrivals)[] readers =
            [("long poll", new(first, isStream: false)), ("stream", new(second, isStream: true))];
        var following = Task.WhenAll(readers.Select(reader => reader.Arrivals.FollowAsync(stop.Token)));
        var answered = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => WriteAsync(
            [first, second], writer, writes / writers, new Random(writer), pauseMillisecondsMax, answered)));
        var delays = new List<FeedDelays>();
        foreach (var (name, arrivals) in readers)
        {
            var took = new List<double>();
            foreach (var (id, at) in answered)
            {
                var arrived = await arrivals.ArrivalOf(id).WaitAsync(TimeSpan.FromSeconds(ArrivalTimeoutSeconds));
                took.Add(Math.Max(0, Stopwatch.GetElapsedTime(at, arrived).TotalMilliseconds));
            }

            took.Sort();
            delays.Add(new FeedDelays(name, took.Count, took[took.Count / 2], took[took.Count * 99 / 100]));
        }

        await stop.CancelAsync();
        await following;
        return delays;
    }

    private static async Task WriteAsync(
        OrderlyClient[] servers, int writer, int writes, Random random, int pauseMillisecondsMax,
        ConcurrentDictionary<string, long> answered)
    {
        for (var i = 0; i < writes; i++)
        {
            var request = WriteRequests.Create($"delay-{writer}-{i}", 10);
            var answer = await servers[(writer + i) % servers.Length]
                .SendAsync(request.Method, request.Path, request.Json);
            if (answer.Status == 201)
            {
                answered[answer.Body.GetProperty("id").GetString()!] = Stopwatch.GetTimestamp();
            }

            await Task.Delay(random.Next(pauseMillisecondsMax + 1));
        }
    }
}
