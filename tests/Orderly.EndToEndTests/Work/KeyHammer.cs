using System.Collections.Concurrent;
using System.Text;
using Orderly.EndToEndTests.Running;

namespace Orderly.EndToEndTests.Work;

/// <summary>One request that many send, each with the same key.</summary>
internal sealed record KeyedRequest(string Key, HttpMethod Method, string Path, string Json);

/// <summary>An answer to one of them that says it was done.</summary>
internal sealed record KeyedAnswer(string Key, int Status, string Body, bool IsReplay);

/// <summary>
/// Clients that send a few requests again and again through any server, while the servers' connections to the database
/// are killed; and what they were told.
/// </summary>
internal sealed class KeyHammer(
    Installation installation, IReadOnlyList<OrderlyClient> servers, IReadOnlyList<KeyedRequest> requests, int seed)
{
    private const int PauseMilliseconds = 100;

    private readonly ConcurrentQueue<KeyedAnswer> _done = new();
    private readonly ConcurrentQueue<string> _wrong = new();

    public IReadOnlyCollection<KeyedAnswer> Done => _done;

    /// <summary>Answers that nobody may get.</summary>
    public IReadOnlyCollection<string> Wrong => _wrong;

    public int Killed { get; private set; }

    public async Task RunAsync(int clients, int rounds, int killsMax)
    {
        using var stop = new CancellationTokenSource();
        var killing = KillAsync(killsMax, stop.Token);
        await Task.WhenAll(Enumerable.Range(0, clients).Select(
            number => Task.Run(() => SendAsync(new Random(seed + number), rounds))));
        await stop.CancelAsync();
        await killing;
    }

    /// <summary>Sends each of the requests once more, now that all is quiet, until it is answered.</summary>
    public async Task SettleAsync(int attemptsMax)
    {
        foreach (var request in requests)
        {
            for (var attempt = 0; attempt < attemptsMax && !await SendAsync(servers[^1], request); attempt++)
            {
                await Task.Delay(PauseMilliseconds);
            }
        }
    }

    private async Task SendAsync(Random random, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            await SendAsync(servers[random.Next(servers.Count)], requests[random.Next(requests.Count)]);
        }
    }

    /// <summary>Returns whether the answer says what became of the request.</summary>
    private async Task<bool> SendAsync(OrderlyClient server, KeyedRequest request)
    {
        var attempt = await server.SendAsync(
            request.Method, request.Path, request.Json, ("Idempotency-Key", request.Key));
        if (attempt.IsSuccess)
        {
            _done.Enqueue(new KeyedAnswer(
                request.Key, attempt.Status, Encoding.UTF8.GetString(attempt.Bytes), attempt.IsReplay));
        }
        else if (!attempt.IsOpen
            || (attempt.Status == 503 && (attempt.RetryAfter is null
                || attempt.Code is not ("database-unavailable" or "overloaded"))))
        {
            _wrong.Enqueue($"{request.Key}: {attempt.Status} {attempt.Body}");
        }

        return !attempt.IsOpen;
    }

    private async Task KillAsync(int killsMax, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested && Killed < killsMax)
        {
            var killed = await installation.QueryAsync(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity "
                + "where application_name in ('orderly-A', 'orderly-B')", row => row.GetInt64(0));
            Killed += killed[0] > 0 ? 1 : 0;
            await Task.Delay(PauseMilliseconds, CancellationToken.None);
        }
    }
}
