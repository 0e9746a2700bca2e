using System.Collections.Concurrent;
using System.Globalization;

namespace Orderly.EndToEndTests.Work;

/// <summary>Some clients who place orders and change them, until they are told to stop.</summary>
internal sealed class OrderWriters : IAsyncDisposable
{
    private const int Clients = 4;

    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _work;

    public OrderWriters(OrderlyClient client) =>
        _work = [.. Enumerable.Range(0, Clients).Select(number => Task.Run(() => WriteAsync(client, number)))];

    /// <summary>The ids and newest versions that were acknowledged.</summary>
    public ConcurrentDictionary<Guid, int> Acknowledged { get; } = new();

    public async Task ReachAsync(int orders)
    {
        while (Acknowledged.Count < orders)
        {
            await Task.WhenAny(Task.WhenAny(_work), Task.Delay(TimeSpan.FromMilliseconds(20)));
            _work.ShouldAllBe(work => !work.IsFaulted);
        }
    }

    /// <summary>From then on nothing is written, and all that was written is acknowledged.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_work);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    public static async Task<Guid> PlaceAsync(OrderlyClient client, string reference)
    {
        var answer = await client.SendAsync(HttpMethod.Post, "/orders",
            $$$"""
            {"datetime": "2026-11-23T09:30:00Z", "services": [{"id": "deep-clean", "quantity": 2}],
             "reference": "{{{reference}}}", "customer": {"name": "Ada", "email": "{{{reference}}}@example.com"}}
            """);
        answer.ShouldHaveStatus(201);
        return answer.Body.GetProperty("id").GetGuid();
    }

    private async Task WriteAsync(OrderlyClient client, int number)
    {
        for (var i = 0; !_stop.IsCancellationRequested; i++)
        {
            var id = await PlaceAsync(client, string.Create(CultureInfo.InvariantCulture, $"w{number}-{i}"));
            Acknowledged[id] = 1;
            var change = await client.SendAsync(HttpMethod.Post, $"/orders/{id}/status", """{"status": "confirmed"}""");
            change.ShouldHaveStatus(200);
            Acknowledged[id] = 2;
        }
    }
}
