using System.Collections.Concurrent;

namespace Orderly.EndToEndTests.Work;

/// <summary>An order as some client last saw it.</summary>
internal sealed record KnownOrder(Guid Id, int Version, string Status, bool IsDeleted);

/// <summary>What the clients tell each other of orders, so that they meet on the same ones.</summary>
internal sealed class KnownOrders
{
    private const int HotOrders = 12;

    private readonly ConcurrentDictionary<Guid, KnownOrder> _known = new();
    private readonly ConcurrentDictionary<int, Guid> _byNumber = new();
    private int _count;

    /// <summary>Remembers the newest that is known of an order.</summary>
    public void Learn(KnownOrder order)
    {
        if (_known.TryAdd(order.Id, order))
        {
            _byNumber[Interlocked.Increment(ref _count) - 1] = order.Id;
            return;
        }

        _known.AddOrUpdate(order.Id, order, (_, before) => before.Version > order.Version ? before : order);
    }

    public KnownOrder? Find(Guid id) => _known.GetValueOrDefault(id);

    /// <summary>Any order, or, for races, one of the few that all are after: those that came last but some.</summary>
    public KnownOrder? Pick(Random random, bool isHot)
    {
        var count = Volatile.Read(ref _count);
        if (count == 0)
        {
            return null;
        }

        var number = isHot ? Math.Max(0, (count / 100 * 100) - random.Next(HotOrders)) : random.Next(count);
        return _byNumber.TryGetValue(Math.Min(number, count - 1), out var id) ? _known[id] : null;
    }
}
