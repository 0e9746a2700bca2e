using Orderly.Server.Services;

namespace Orderly.Server.Transfer;

/// <summary>
/// The service records that the rows of an import took something from, as they were then. Others may change while it
/// runs; one of these makes earlier rows wrong.
/// </summary>
internal sealed class UsedRecords(ServiceCatalog catalog)
{
    private readonly Dictionary<string, CatalogEntry> _used = new(StringComparer.Ordinal);

    /// <summary>One that changed since it was used before; null: none.</summary>
    public string? Add(IEnumerable<ImportWrite> writes, CatalogView view)
    {
        foreach (var line in writes.SelectMany(write => write.Write.Content.Services))
        {
            if (!_used.TryAdd(line.Id, view.Entries[line.Id]) && _used[line.Id] != view.Entries[line.Id])
            {
                return line.Id;
            }
        }

        return null;
    }

    /// <summary>One that is not any more as it was used; null: none.</summary>
    public async Task<string?> FindChangedAsync()
    {
        var view = await catalog.ViewAsync([.. _used.Keys], fresh: true);
        return _used.Values.FirstOrDefault(used => view.Entries[used.Id] != used)?.Id;
    }
}
