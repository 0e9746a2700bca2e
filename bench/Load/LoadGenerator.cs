using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Orderly.Bench.Load;

/// <summary>
/// What one measurement saw: requests, or orders of streams and imports. Acknowledged counts the warm-up, too: those
/// rows are stored as well.
/// </summary>
internal sealed record Measurement(
    double RequestsPerSecond,
    LatencyHistogram Latency,
    long Acknowledged,
    long Unknown,
    long Errors,
    string? FirstError)
{
    /// <summary>Of orders that went over many in a request; there is no latency to speak of.</summary>
    public static Measurement OfTransfer(long orders, TimeSpan time, long warmUpOrders) => new(
        orders / time.TotalSeconds, new LatencyHistogram(), orders + warmUpOrders, Unknown: 0, Errors: 0,
        FirstError: null);

    /// <summary>Processor time of the server for one request, in µs; null where the target has no server.</summary>
    public double? ServerMicroseconds { get; init; }

    /// <summary>Processor time of PostgreSQL for one request, in µs.</summary>
    public double? DatabaseMicroseconds { get; init; }
}

/// <summary>
/// Keeps a number of connections busy, each with one request at a time, over raw sockets. It shares the machine with
/// what it measures, so it does no more than write prepared bytes, read the whole response and note the time.
/// </summary>
internal sealed class LoadGenerator(Uri target, string key, byte[][] ids, int connections, int? rate = null)
{
    private const int StopTimeoutSeconds = 30;
    private const int RequestsPerConnectionMax = 5_000_000;

    /// <summary>Runs until the time is over.</summary>
    public Task<Measurement> Run(Workload workload, TimeSpan warmUp, TimeSpan measured) =>
        Run(workload, warmUp, measured, RequestsPerConnectionMax, created: null);

    /// <summary>Creates so many orders on every connection and keeps their ids.</summary>
    public Task<Measurement> Seed(int ordersPerConnection, byte[][] created) =>
        Run(Workload.Create, TimeSpan.Zero, TimeSpan.FromMinutes(10), ordersPerConnection, created);

    private async Task<Measurement> Run(
        Workload workload, TimeSpan warmUp, TimeSpan measured, int requestsMax, byte[][]? created)
    {
        var run = OrderRequests.NextRun();
        var start = Stopwatch.GetTimestamp();
        var from = start + (long)(warmUp.TotalSeconds * Stopwatch.Frequency);
        var until = from + (long)(measured.TotalSeconds * Stopwatch.Frequency);
        using var timeout = new CancellationTokenSource(warmUp + measured + TimeSpan.FromSeconds(StopTimeoutSeconds));
        var workers = new LoadConnection[connections];
        var running = new Task[connections];
        for (var i = 0; i < connections; i++)
        {
            var requests = new OrderRequests(target, key, ids, i, connections, run);
            var worker = workers[i] = new LoadConnection(target, workload, requests)
            {
                From = from,
                Until = until,
                RequestsMax = requestsMax,
                Pace = rate is { } all ? new Pace(start, i, connections, all) : null,
                Created = created is null ? null : new(created, i * requestsMax, requestsMax),
            };
            running[i] = Task.Run(() => worker.Run(timeout.Token), timeout.Token);
        }
        await Task.WhenAll(running);
        var end = Math.Min(until, Stopwatch.GetTimestamp());
        var latency = new LatencyHistogram();
        foreach (var worker in workers) latency.Add(worker.Latency);
        return new Measurement(
            latency.Count / Stopwatch.GetElapsedTime(from, end).TotalSeconds,
            latency,
            workers.Sum(w => w.Acknowledged),
            workers.Sum(w => w.Unknown),
            workers.Sum(w => w.Errors),
            Array.Find(workers, w => w.FirstError is not null)?.FirstError);
    }
}

/// <summary>
/// The times at which one of several connections sends, so that all together keep a rate. One that is late sends at
/// once, and still counts from when it was due.
/// </summary>
internal sealed class Pace(long start, int connection, int connections, int ratePerSecond)
{
    private readonly double interval = (double)Stopwatch.Frequency * connections / ratePerSecond;
    private readonly double first = start + ((double)Stopwatch.Frequency * connection / ratePerSecond);
    private long sent;

    /// <summary>Waits for the next time; gives it.</summary>
    public async ValueTask<long> Next(CancellationToken cancellation)
    {
        var due = (long)(first + (interval * sent++));
        var wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
        // Never before it is due: a part of a millisecond would be cut off.
        if (wait > TimeSpan.Zero)
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), cancellation);
        return due;
    }
}

/// <summary>One connection that sends a request, reads the answer, and so on.</summary>
internal sealed class LoadConnection(Uri target, Workload workload, OrderRequests requests)
{
    private const int ReconnectsMax = 10;
    private const int IdLength = 36;

    private readonly HttpResponse response = new();

    public required long From { get; init; }

    public required long Until { get; init; }

    public required int RequestsMax { get; init; }

    /// <summary>When requests are due; null: each as soon as the one before it is answered.</summary>
    public Pace? Pace { get; init; }

    public ArraySegment<byte[]>? Created { get; init; }

    public LatencyHistogram Latency { get; } = new();

    public long Acknowledged { get; private set; }

    /// <summary>Requests that got no answer: what they did is not known.</summary>
    public long Unknown { get; private set; }

    public long Errors { get; private set; }

    public string? FirstError { get; private set; }

    public async Task Run(CancellationToken cancellation)
    {
        for (var attempt = 0; attempt <= ReconnectsMax; attempt++)
        {
            try
            {
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Parse(target.Host), target.Port, cancellation);
                await Exchange(socket, cancellation);
                return;
            }
            catch (Exception e) when (e is SocketException or InvalidDataException or OperationCanceledException)
            {
                Unknown++;
                Fail(e.Message);
                if (cancellation.IsCancellationRequested) return;
            }
        }
    }

    private async Task Exchange(Socket socket, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        while (started < Until && Acknowledged + Errors < RequestsMax)
        {
            if (Pace is not null) started = await Pace.Next(cancellation);
            await socket.SendAsync(requests.Next(workload), SocketFlags.None, cancellation);
            response.Clear();
            int count;
            do
            {
                count = await socket.ReceiveAsync(response.Free(), SocketFlags.None, cancellation);
                if (count == 0) throw new InvalidDataException("The connection was closed in the middle of an answer.");
            }
            while (!response.Advance(count));
            var ended = Stopwatch.GetTimestamp();
            if (IsExpected()) Acknowledge();
            else Fail($"{response.Status} {System.Text.Encoding.UTF8.GetString(response.Body)}");
            if (ended >= From && ended <= Until)
                Latency.Add((ended - started) * 1_000_000 / Stopwatch.Frequency);
            started = ended;
        }
    }

    private bool IsExpected() => workload switch
    {
        Workload.Create => response.Status == 201,
        Workload.Read or Workload.Update => response.Status == 200 && response.Body.IndexOf(requests.LastId) >= 0,
        Workload.List => response.Status == 200 && response.Body.StartsWith("{\"data\":[{"u8),
        _ => throw new InvalidOperationException($"{workload} is not done a request at a time."),
    };

    private void Acknowledge()
    {
        if (Created is { } created)
        {
            var location = response.Head.IndexOf("/orders/"u8) + "/orders/".Length;
            created[(int)Acknowledged] = response.Head.Slice(location, IdLength).ToArray();
        }
        Acknowledged++;
    }

    private void Fail(string error)
    {
        Errors++;
        FirstError ??= error;
    }
}
