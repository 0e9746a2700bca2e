using System.Collections.Concurrent;
using System.Text.Json;

namespace Orderly.EndToEndTests.Work;

/// <summary>
/// Follows the feed as it grows, by long polls or as a stream, and notes when each event came.
/// </summary>
internal sealed class EventArrivals(OrderlyClient server, bool isStream)
{
    private const int AgainMilliseconds = 20;

    private readonly FeedSubscription _feed = new(server, isStream, AgainMilliseconds);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<long>> _arrivals = new(StringComparer.Ordinal);

    /// <summary>When the event of an order's first version came, as a timestamp.</summary>
    public Task<long> ArrivalOf(string orderId) => Slot(orderId).Task;

    public Task WaitForAsync(string orderId, int timeoutSeconds) =>
        ArrivalOf(orderId).WaitAsync(TimeSpan.FromSeconds(timeoutSeconds));

    public Task FollowAsync(CancellationToken stop) => _feed.FollowAsync(Note, _ => { }, stop);

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
