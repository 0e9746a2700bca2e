using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Orderly.EndToEndTests.Running;
using Orderly.EndToEndTests.Work;

namespace Orderly.EndToEndTests.Production;

/// <summary>What a day came to.</summary>
internal sealed record DayResult(
    IReadOnlyList<DayInterval> Intervals, IReadOnlyList<DayTrend> Trends, DayLedger Ledger, IReadOnlyList<string> Notes)
{
    public bool Holds => Ledger.FaultCount == 0 && Trends.All(trend => trend.Holds);
}

/// <summary>
/// A server as it is installed, with its durable embedded database, under a mixed load at a fixed rate, while its
/// memory, connections and answers are measured; then everything acknowledged is looked for, and the log verified.
/// </summary>
internal static class ProductionDay
{
    private const int ClientTimeoutSeconds = 20;
    private const int FollowerTimeoutSeconds = 3_600;
    private const int LinesKeptMax = 1_000;
    private const int VerifyTimeoutSeconds = 600;
    private const int WaitMilliseconds = 100;
    private const string OldEnough = "00:00:00";

    private static readonly (string Name, string Value)[] Settings =
        [("Orderly__SampleData", "false"), ("Orders__UpdatableAfter", OldEnough)];

    public static async Task<DayResult> RunAsync(DayOptions options)
    {
        var ledger = new DayLedger();
        var clock = new DayClock();
        var troubles = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        await using var server = await LoneServer.StartAsync(Settings);
        server.LinesKeptMax = LinesKeptMax;
        server.OnLine = line => NoteTrouble(line, ledger, troubles);
        using var client = new OrderlyClient(server.Address, bug: null, ClientTimeoutSeconds);
        await client.SendAsync(HttpMethod.Put, "/services/deep-clean", """{"name": "Deep clean", "fee": 20}""");
        using var transfers = new DayTransfers(server.Address, options, ledger);
        using var stop = new CancellationTokenSource();
        List<DayFollower> followers = [.. Enumerable.Range(0, 2 * options.FollowersOfEach).Select(i => new DayFollower(
            $"follower {i}", new OrderlyClient(server.Address, bug: null, FollowerTimeoutSeconds), i % 2 == 0, ledger,
            clock))];
        var following = Task.WhenAll(followers.Select(follower => Task.Run(() => follower.FollowAsync(stop.Token))));
        using var sampler = new DaySampler(server);
        var load = Task.Run(() => new DayLoad(options, client, ledger, clock).RunAsync());
        var transferring = transfers.RunAsync(CancellationToken.None);
        var intervals = await WatchAsync(options, sampler, clock, ledger, Task.WhenAll(load, transferring));

        await CatchUpAsync(followers, ledger, options.CatchUpTimeoutSeconds);
        await stop.CancelAsync();
        await following;
        followers.ForEach(follower => follower.Compare());
        followers.ForEach(follower => follower.Dispose());
        await CompareListAsync(client, ledger);
        List<string> notes =
        [
            $"{clock.Total} answers and events, {ledger.Acknowledged.Count} acknowledged versions",
            .. transfers.Notes,
            .. troubles.Select(trouble => $"log: {trouble.Key}, {trouble.Value} times"),
            await VerifyAsync(server, ledger),
        ];
        return new DayResult(intervals, DayVerdict.Decide(intervals, options.Duration), ledger, notes);
    }

    private static async Task<IReadOnlyList<DayInterval>> WatchAsync(
        DayOptions options, DaySampler sampler, DayClock clock, DayLedger ledger, Task working)
    {
        var intervals = new List<DayInterval>();
        var samples = new List<DayVitals>();
        var began = Stopwatch.GetTimestamp();
        await sampler.TakeAsync(began);
        for (var number = 1; Stopwatch.GetElapsedTime(began) < options.Duration && !working.IsFaulted; number++)
        {
            var wait = (options.SampleEvery * number) - Stopwatch.GetElapsedTime(began);
            await Task.WhenAny(working, Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero));
            samples.Add(await sampler.TakeAsync(Stopwatch.GetTimestamp()));
            if (Stopwatch.GetElapsedTime(began) >= options.Interval * (intervals.Count + 1))
            {
                var interval = new DayInterval(
                    options.Interval * intervals.Count, DayVitals.MedianOf(samples), clock.Cut());
                intervals.Add(interval);
                samples.Clear();
                options.Report(DayReport.Line(interval, ledger));
            }
        }

        await working;
        return intervals;
    }

    /// <summary>Until every follower has all; how long that may take is limited.</summary>
    private static async Task CatchUpAsync(
        IReadOnlyList<DayFollower> followers, DayLedger ledger, int timeoutSeconds)
    {
        var since = Stopwatch.GetTimestamp();
        while (followers.Any(follower => follower.Count < ledger.VersionCount)
            && Stopwatch.GetElapsedTime(since).TotalSeconds < timeoutSeconds)
        {
            await Task.Delay(WaitMilliseconds);
        }
    }

    /// <summary>Every order is there as it was last acknowledged.</summary>
    private static async Task CompareListAsync(OrderlyClient client, DayLedger ledger)
    {
        var newest = ledger.Newest();
        using var answer = await client.OpenAsync("/orders", "application/x-ndjson", CancellationToken.None);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
        while (await lines.ReadLineAsync() is { Length: > 0 } line)
        {
            using var order = JsonDocument.Parse(line);
            var facts = OrderFactsReader.Read(order.RootElement);
            if (DayTransfers.IsImported(facts.Marker))
            {
                continue;
            }

            var id = OrderFactsReader.Id(order.RootElement);
            var version = OrderFactsReader.Version(order.RootElement);
            if (!newest.Remove(id, out var acknowledged) || acknowledged != version
                || ledger.Acknowledged[(id, version)].Marker != facts.Marker)
            {
                ledger.AddFault($"{id} is {facts.Marker} version {version}; acknowledged was version {acknowledged}");
            }
        }

        if (newest.Count > 0)
        {
            ledger.AddFault($"{newest.Count} acknowledged orders are not there");
        }
    }

    /// <summary>Ends the server and has the log verified, as an operator would. What it says in one line.</summary>
    private static async Task<string> VerifyAsync(LoneServer server, DayLedger ledger)
    {
        if (await server.StopAsync() is var code and not 0)
        {
            ledger.AddFault($"The server ended with {code}");
        }

        var end = await BackupScripts.CommandAsync("verify", VerifyTimeoutSeconds,
            [.. Settings, ("Orderly__DataDirectory", Path.Combine(server.Directory, "data"))]);
        var said = string.Join(' ', end.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Take(2));
        if (end.ExitCode != 0)
        {
            ledger.AddFault($"verify ended with {end.ExitCode}: {said}");
        }

        return "verify: " + said;
    }

    private static void NoteTrouble(string line, DayLedger ledger, ConcurrentDictionary<string, int> troubles)
    {
        var isError = line.Contains("\"level\":\"Error\"", StringComparison.Ordinal)
            || line.Contains("\"level\":\"Critical\"", StringComparison.Ordinal);
        if (isError)
        {
            ledger.AddFault("The server's log: " + line);
        }

        if (isError || line.Contains("\"level\":\"Warning\"", StringComparison.Ordinal))
        {
            using var entry = JsonDocument.Parse(line);
            troubles.AddOrUpdate(entry.RootElement.GetProperty("event").GetString()!, 1, (_, count) => count + 1);
        }
    }
}
