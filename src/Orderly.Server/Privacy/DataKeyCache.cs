using System.Collections.Concurrent;

namespace Orderly.Server.Privacy;

/// <summary>
/// Data keys that were unwrapped a moment ago, so that a key management service is not asked for each read. In two
/// generations, which bounds both how many there are and how long one is kept: the older one is dropped as a whole.
/// </summary>
internal sealed class DataKeyCache(TimeProvider time)
{
    public const int GenerationSeconds = 30;
    public const int GenerationSizeMax = 10_000;

    private readonly Lock _turning = new();
    private ConcurrentDictionary<Guid, Entry> _young = new();
    private ConcurrentDictionary<Guid, Entry> _old = new();
    private long _since = time.GetTimestamp();

    /// <summary>The data key of the order, if it is the one that is wrapped here.</summary>
    public byte[]? Find(Guid orderId, WrappedKey wrapped)
    {
        TurnWhenDue();
        return Volatile.Read(ref _young).TryGetValue(orderId, out var entry)
            || Volatile.Read(ref _old).TryGetValue(orderId, out entry)
                ? entry.Of(wrapped)
                : null;
    }

    public void Add(Guid orderId, WrappedKey wrapped, byte[] dataKey)
    {
        TurnWhenDue();
        Volatile.Read(ref _young)[orderId] = new Entry(wrapped, dataKey);
    }

    private void TurnWhenDue()
    {
        if (!IsDue())
        {
            return;
        }

        lock (_turning)
        {
            if (IsDue())
            {
                var isLong = time.GetElapsedTime(_since).TotalSeconds >= 2 * GenerationSeconds;
                Volatile.Write(ref _old, isLong ? new() : _young);
                Volatile.Write(ref _young, new ConcurrentDictionary<Guid, Entry>());
                Volatile.Write(ref _since, time.GetTimestamp());
            }
        }
    }

    private bool IsDue() =>
        time.GetElapsedTime(Volatile.Read(ref _since)).TotalSeconds >= GenerationSeconds
        || Volatile.Read(ref _young).Count >= GenerationSizeMax;

    private sealed record Entry(WrappedKey Wrapped, byte[] DataKey)
    {
        public byte[]? Of(WrappedKey wrapped) =>
            Wrapped.Version == wrapped.Version && Wrapped.Bytes.AsSpan().SequenceEqual(wrapped.Bytes) ? DataKey : null;
    }
}
