using System.Collections.Concurrent;
using System.Diagnostics;

namespace Orderly.EndToEndTests.Production;

/// <summary>An order as it was acknowledged.</summary>
internal sealed record LedgerOrder(Guid Id, int Version, string Marker);

/// <summary>What the clients meant, and what they were told is stored; and all faults of the day.</summary>
internal sealed class DayLedger
{
    private const int FaultsKept = 20;

    private readonly ConcurrentDictionary<(Guid Id, int Version), (string Marker, long At)> _acknowledged = new();
    private readonly ConcurrentDictionary<string, decimal> _meant = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<int, LedgerOrder> _created = new();
    private readonly ConcurrentQueue<LedgerOrder> _updatable = new();
    private readonly ConcurrentQueue<string> _faults = new();
    private int _count;
    private int _faultCount;
    private int _imported;

    /// <summary>Every version that was acknowledged.</summary>
    public IReadOnlyDictionary<(Guid Id, int Version), (string Marker, long At)> Acknowledged => _acknowledged;

    /// <summary>The versions that there must be: those acknowledged, and the rows of the import.</summary>
    public int VersionCount => _acknowledged.Count + Volatile.Read(ref _imported);

    public int FaultCount => Volatile.Read(ref _faultCount);

    /// <summary>The first of the faults.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    public void AddFault(string what)
    {
        if (Interlocked.Increment(ref _faultCount) <= FaultsKept)
        {
            _faults.Enqueue(what);
        }
    }

    public void Imported(int rows) => Interlocked.Add(ref _imported, rows);

    /// <summary>Notes what a write is meant to store, before it is sent.</summary>
    public void Mean(string marker, decimal fee) => _meant[marker] = fee;

    public bool WasMeant(string marker, decimal fee) => _meant.TryGetValue(marker, out var meant) && meant == fee;

    /// <summary>Notes that a version is stored, and lets the order be read and updated from now on.</summary>
    public void Acknowledge(LedgerOrder order)
    {
        if (!_acknowledged.TryAdd((order.Id, order.Version), (order.Marker, Stopwatch.GetTimestamp())))
        {
            AddFault($"{order.Id} version {order.Version} was acknowledged twice");
            return;
        }

        if (order.Version == 1)
        {
            _created[Interlocked.Increment(ref _count) - 1] = order;
        }

        _updatable.Enqueue(order);
    }

    /// <summary>The newest acknowledged version of each order.</summary>
    public Dictionary<Guid, int> Newest()
    {
        var newest = new Dictionary<Guid, int>();
        foreach (var (id, version) in _acknowledged.Keys)
        {
            newest[id] = Math.Max(version, newest.GetValueOrDefault(id));
        }

        return newest;
    }

    /// <summary>Takes an order that nobody else updates meanwhile.</summary>
    public LedgerOrder? TakeForUpdate() => _updatable.TryDequeue(out var order) ? order : null;

    public void GiveBack(LedgerOrder order) => _updatable.Enqueue(order);

    /// <summary>Any order, as it was created.</summary>
    public LedgerOrder? Pick(Random random)
    {
        var count = Volatile.Read(ref _count);
        return count > 0 && _created.TryGetValue(random.Next(count), out var order) ? order : null;
    }
}
