using System.Diagnostics;
using Orderly.EndToEndTests.Checking;
using Orderly.EndToEndTests.Faults;
using Orderly.EndToEndTests.Running;
using Orderly.EndToEndTests.Work;

namespace Orderly.EndToEndTests;

/// <summary>How much is done, and how.</summary>
internal sealed record SoakOptions
{
    public int Operations { get; init; } = 50_000;
    public int Faults { get; init; } = 33;
    public int Seed { get; init; } = 1;
    public int Clients { get; init; } = 12;

    /// <summary>The longest that clients think before the next operation.</summary>
    public int ThinkMillisecondsMax { get; init; } = 10;
    public int PauseMillisecondsMax { get; init; } = 1_500;
    public int HoldMillisecondsMax { get; init; } = 3_000;
    public int TimeoutSeconds { get; init; } = 900;

    /// <summary>How long the feed may take to show all, once the clients have stopped.</summary>
    public int CatchUpTimeoutSeconds { get; init; } = 40;

    /// <summary>Statements that plant a bug in the database; none: the product as it is.</summary>
    public IReadOnlyList<string> PlantedSql { get; init; } = [];

    /// <summary>Stands in the servers' place and plants a bug in what they do; null: the product as it is.</summary>
    public Func<HttpMessageHandler, DelegatingHandler>? PlantedHandler { get; init; }

    /// <summary>The faults to do; null: all kinds alike.</summary>
    public IReadOnlyList<FaultKind>? Kinds { get; init; }
    public Action<string> Report { get; init; } = _ => { };
}

/// <summary>What a run came to.</summary>
internal sealed record SoakResult(
    History History, IReadOnlyList<Violation> Violations, IReadOnlyDictionary<FaultKind, int> Faults, string Summary);

/// <summary>Runs clients and faults against real processes, then has the checker decide.</summary>
internal static class Soak
{
    /// <summary>Tests of this collection each take all of the machine.</summary>
    public const string OneAtATime = "Real processes";

    private const int ServiceFee = 20;
    private const int WaitMilliseconds = 20;

    public static async Task<SoakResult> RunAsync(SoakOptions options)
    {
        var began = Stopwatch.GetTimestamp();
        options.Report($"seed {options.Seed}: {options.Operations} operations of {options.Clients} clients, "
            + $"{options.Faults} faults");
        await using var installation = await Installation.StartAsync(options.PlantedSql);
        List<OrderlyClient> servers =
            [.. installation.Servers.Select(server => new OrderlyClient(
                server.Address, options.PlantedHandler, OrderlyClient.TimeoutSecondsAmongFaults))];
        try
        {
            await PrepareAsync(servers[0]);
            await installation.ExecuteAsync("checkpoint"); // a planted bug may lose writes, but not what they build on
            var random = new Random(options.Seed);
            var recorder = new Recorder();
            var plan = FaultPlan.Of(
                random, options.Faults, options.PauseMillisecondsMax, options.HoldMillisecondsMax);
            var injector = new FaultInjector(
                installation, random, options.Kinds is { } kinds ? plan with { Kinds = kinds } : plan, options.Report);
            var readers = await WorkAsync(options, servers, recorder, injector);
            var worked = Stopwatch.GetElapsedTime(began);
            options.Report($"{recorder.Count} operations after {worked.TotalSeconds:0} s; reading what is there");
            var final = await new FinalReader(installation, servers[^1], readers)
                .ReadAsync(options.CatchUpTimeoutSeconds);
            var history = recorder.ToHistory(final);
            var violations = HistoryChecker.Check(history);
            return new SoakResult(history, violations, injector.Done,
                SoakReport.Write(options, recorder, history, violations, injector, Stopwatch.GetElapsedTime(began)));
        }
        finally
        {
            servers.ForEach(server => server.Dispose());
        }
    }

    private static async Task PrepareAsync(OrderlyClient server)
    {
        var put = await server.SendAsync(
            HttpMethod.Put, "/services/deep-clean", $$"""{"name": "Deep clean", "fee": {{ServiceFee}}}""");
        if (!put.IsSuccess)
        {
            throw new InvalidOperationException($"The service record was answered with {put.Status} {put.Body}.");
        }
    }

    /// <summary>
    /// Until enough is done and every fault was; the readers of the feed are left where they then stand.
    /// </summary>
    private static async Task<IReadOnlyList<FeedReader>> WorkAsync(
        SoakOptions options, IReadOnlyList<OrderlyClient> servers, Recorder recorder, FaultInjector injector)
    {
        using var stop = new CancellationTokenSource();
        var known = new KnownOrders();
        var random = new Random(options.Seed + 1);
        var readers = servers.Select((server, i) =>
            new FeedReader($"reader {i}", server, new Random(options.Seed + 2 + i), recorder)).ToList();
        var following = readers.Select(reader => Task.Run(() => reader.FollowAsync(stop.Token))).ToList();
        var working = Enumerable.Range(0, options.Clients).Select(number => Task.Run(() => WorkAsync(
            new WorkingClient(number, new Random(random.Next()), servers, known, recorder),
            new Random(options.Seed + number), options.ThinkMillisecondsMax, stop.Token))).ToList();
        var injecting = injector.RunAsync();
        var began = Stopwatch.GetTimestamp();
        while (recorder.Count < options.Operations || !injecting.IsCompleted)
        {
            if (Stopwatch.GetElapsedTime(began).TotalSeconds > options.TimeoutSeconds || injecting.IsFaulted)
            {
                break;
            }

            await Task.Delay(WaitMilliseconds, CancellationToken.None);
        }

        await stop.CancelAsync();
        await Task.WhenAll([.. working, .. following]);
        await injecting;
        return readers;
    }

    private static async Task WorkAsync(
        WorkingClient client, Random random, int thinkMillisecondsMax, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await client.WorkAsync();
            await Task.Delay(random.Next(thinkMillisecondsMax + 1), CancellationToken.None);
        }
    }
}
