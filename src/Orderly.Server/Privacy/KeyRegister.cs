using Orderly.Server.Configuration;

namespace Orderly.Server.Privacy;

/// <summary>
/// Sees to it that the key file is the one that belongs to the database: at the start, and when a version is added.
/// </summary>
internal sealed class KeyRegister(FileKeyProvider provider, KeyRegisterStore store)
{
    /// <summary>Loads the file, or makes it where the database has never seen one.</summary>
    /// <exception cref="SettingsException">The file is not there, not the right one, or lacks a key.</exception>
    public async Task OpenAsync(CancellationToken stop)
    {
        if (!File.Exists(provider.Path) && (await store.ListAsync(stop)).Count > 0)
        {
            throw new SettingsException(
                $"Privacy:KeyFile: there is no '{provider.Path}', but the database has data that is encrypted with "
                + "keys of such a file. Put the file there, or name it.");
        }

        var file = provider.LoadOrCreate();
        RequireFit(file, await store.ListAsync(stop), await store.ListNeededAsync(stop));
        await UseAsync(file, stop);
    }

    /// <summary>Reads the file anew. Returns whether a newer version is used from now on.</summary>
    /// <exception cref="SettingsException">The file can't be used; what was loaded before is used on.</exception>
    public async Task<bool> RefreshAsync(CancellationToken stop)
    {
        var file = provider.Load();
        if (file.Newest == provider.CurrentVersion)
        {
            return false;
        }

        await UseAsync(file, stop);
        return true;
    }

    /// <summary>What keeps a file from being used with a database; null: nothing does.</summary>
    /// <param name="path">Where the file is.</param>
    /// <param name="file">What is in it.</param>
    /// <param name="known">The fingerprints that the database has seen.</param>
    /// <param name="needed">The versions that its data keys are wrapped with.</param>
    public static string? FindFault(
        string path, KeyFile file, Dictionary<int, byte[]> known, IReadOnlyCollection<int> needed)
    {
        foreach (var version in needed.Where(version => file.Find(version) is null))
        {
            return $"Privacy:KeyFile: '{path}' lacks version {version} of the key, which personal data in the database "
                + "is encrypted with. Put that line back.";
        }

        // Two servers with a version of the same name and different keys could not read each other.
        foreach (var (version, fingerprint) in file.Fingerprints)
        {
            if (known.TryGetValue(version, out var seen) && !seen.AsSpan().SequenceEqual(fingerprint))
            {
                return $"Privacy:KeyFile: {(version == 0 ? "the index secret" : $"version {version}")} in '{path}' is "
                    + "not the one that this database was used with. All servers of a database need the same file.";
            }
        }

        return null;
    }

    private async Task UseAsync(KeyFile file, CancellationToken stop)
    {
        RequireFit(file, await store.RegisterAsync(file.Fingerprints, stop), needed: []);
        provider.Use(file.Newest);
    }

    private void RequireFit(KeyFile file, Dictionary<int, byte[]> known, IReadOnlyCollection<int> needed)
    {
        if (FindFault(provider.Path, file, known, needed) is { } fault)
        {
            throw new SettingsException(fault);
        }
    }
}
