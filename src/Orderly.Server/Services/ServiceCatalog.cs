using System.Collections.Concurrent;

namespace Orderly.Server.Services;

/// <summary>What an order takes over from a service record.</summary>
internal sealed record CatalogEntry(string Id, string Name, decimal? Fee, string Currency, bool Active);

/// <summary>The service records that a decision needs, all as they were at one epoch.</summary>
/// <param name="IsFresh">Whether they were read just now, so that a refusal because of them can be believed.</param>
internal sealed record CatalogView(long Epoch, IReadOnlyDictionary<string, CatalogEntry> Entries, bool IsFresh);

/// <summary>
/// Service records kept in memory, so that placing an order does not read them. What is kept may be out of date;
/// that never does harm, since a write names the epoch it was made at and is stored only at that epoch, and a
/// refusal is decided again on a fresh view.
/// </summary>
internal sealed class ServiceCatalog(ServiceStore store)
{
    private const int EntriesMax = 100_000;

    private volatile Snapshot _snapshot = new(Epoch: 0);

    /// <summary>A view that holds those of the records that exist.</summary>
    public async ValueTask<CatalogView> ViewAsync(IReadOnlyList<string> ids, bool fresh)
    {
        var snapshot = _snapshot;
        if (!fresh && ids.All(snapshot.Entries.ContainsKey))
        {
            return new CatalogView(snapshot.Epoch, snapshot.Entries, IsFresh: false);
        }

        var (epoch, entries) = await store.ReadCatalogAsync([.. ids.Distinct(StringComparer.Ordinal)]);
        if (epoch != snapshot.Epoch || snapshot.Entries.Count + entries.Count > EntriesMax)
        {
            snapshot = new Snapshot(epoch);
        }

        foreach (var entry in entries)
        {
            snapshot.Entries[entry.Id] = entry;
        }

        _snapshot = snapshot;
        return new CatalogView(epoch, snapshot.Entries, IsFresh: true);
    }

    private sealed record Snapshot(long Epoch)
    {
        public ConcurrentDictionary<string, CatalogEntry> Entries { get; } = new(StringComparer.Ordinal);
    }
}
