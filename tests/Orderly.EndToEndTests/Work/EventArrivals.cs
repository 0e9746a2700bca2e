using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace Orderly.EndToEndTests.Work;

/// <summary>
/// Follows the feed as it grows, by long polls or as a stream, connecting again where it must, and notes when each
/// event came.
/// </summary>
internal sealed class EventArrivals(OrderlyClient server, bool isStream)
{
    private const int WaitSeconds = 20;
    private const int RetryMilliseconds = 20;

    private readonly ConcurrentDictionary<string, TaskCompletionSource<long>> _arrivals = new(StringComparer.Ordinal);
    private string? _last;

    /// <summary>When the event of an order's first version came, as a timestamp.</summary>
    public Task<long> ArrivalOf(string orderId) => Slot(orderId).Task;

    public Task WaitForAsync(string orderId, int timeoutSeconds) =>
        ArrivalOf(orderId).WaitAsync(TimeSpan.FromSeconds(timeoutSeconds));

    public async Task FollowAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await (isStream ? StreamAsync(stop) : PollAsync(stop));
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException
                or OperationCanceledException or JsonException)
            {
                await Task.Delay(RetryMilliseconds, CancellationToken.None);
            }
        }
    }

    private async Task PollAsync(CancellationToken stop)
    {
        var after = _last is null ? "" : "&after=" + Uri.EscapeDataString(_last);
        using var response = await server.OpenAsync(
            $"/changes?limit=500&wait={WaitSeconds}{after}", accept: null, stop);
        response.EnsureSuccessStatusCode();
        await using var body = await response.Content.ReadAsStreamAsync(stop);
        using var page = await JsonDocument.ParseAsync(body, cancellationToken: stop);
        var now = Stopwatch.GetTimestamp();
        foreach (var entry in page.RootElement.GetProperty("data").EnumerateArray())
        {
            Note(entry, now);
        }

        _last = page.RootElement.GetProperty("next").GetString();
    }

    private async Task StreamAsync(CancellationToken stop)
    {
        var after = _last is null ? "" : "?after=" + Uri.EscapeDataString(_last);
        using var response = await server.OpenAsync("/changes" + after, "text/event-stream", stop);
        response.EnsureSuccessStatusCode();
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(stop));
        while (await lines.ReadLineAsync(stop) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                _last = line[4..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                var now = Stopwatch.GetTimestamp();
                using var entry = JsonDocument.Parse(line.AsMemory(6));
                Note(entry.RootElement, now);
            }
        }
    }

    private void Note(JsonElement entry, long now)
    {
        if (entry.GetProperty("type").GetString() == "order.placed")
        {
            Slot(entry.GetProperty("subject").GetString()!).TrySetResult(now);
        }
    }

    private TaskCompletionSource<long> Slot(string orderId) => _arrivals.GetOrAdd(
        orderId, _ => new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously));
}
