using System.ComponentModel;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Orderly.EmbeddedPostgres;

/// <summary>The places where PostgreSQL's programs are looked for, in this order.</summary>
internal sealed record PostgresPlaces(
    IReadOnlyList<string> InstalledRoots,
    string SearchPath,
    IReadOnlyList<string> HomebrewRoots,
    string CacheDirectory,
    bool AllowDownload)
{
    public static PostgresPlaces OfThisMachine(EmbeddedClusterOptions options) => new(
        ["/usr/lib/postgresql"],
        Environment.GetEnvironmentVariable("PATH") ?? "",
        ["/opt/homebrew/opt", "/usr/local/opt", "/home/linuxbrew/.linuxbrew/opt"],
        options.CacheDirectory ?? DefaultCacheDirectory(),
        options.AllowDownload);

    // Root's home can't be entered by the account that PostgreSQL runs as.
    private static string DefaultCacheDirectory()
    {
        if (Environment.IsPrivilegedProcess)
            return "/var/cache/orderly/postgres";
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(cache) || !Path.IsPathRooted(cache))
            cache = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(cache, "orderly", "postgres");
    }
}

/// <summary>A directory with initdb, pg_ctl and postgres, the only programs that are used.</summary>
internal sealed partial record PostgresBinaries(string Directory, string Version, int Major)
{
    public const int MajorMin = 15;
    private const int versionLimitSeconds = 10;
    private static readonly string[] programs = ["initdb", "pg_ctl", "postgres"];

    public string Initdb => Path.Combine(Directory, "initdb");

    public string PgCtl => Path.Combine(Directory, "pg_ctl");

    public string Postgres => Path.Combine(Directory, "postgres");

    /// <summary>
    /// Finds programs of the given major version (an existing data directory needs its own), or else the first
    /// of a version that is new enough.
    /// </summary>
    public static async Task<PostgresBinaries> FindAsync(string? directory, PostgresPlaces places,
        int? majorNeeded, Action<string> report, CancellationToken ct)
    {
        if (directory is not null)
            return await InspectConfiguredAsync(directory, majorNeeded, ct);

        List<string> seen = [];
        foreach (var candidate in Candidates(places).Distinct(StringComparer.Ordinal))
        {
            if (await InspectAsync(candidate, ct) is not { } found)
                continue;
            if (found.Major >= MajorMin && (majorNeeded is null || majorNeeded == found.Major))
                return found;
            seen.Add($"{found.Version} in {candidate}");
        }

        if (majorNeeded is null or PostgresPackage.Major)
        {
            if (await PostgresPackage.GetAsync(places, report, ct) is { } downloaded
                && await InspectAsync(downloaded, ct) is { } found)
                return found;
        }

        throw NotFound(majorNeeded, seen);
    }

    /// <summary>Null unless all programs are there and say their version.</summary>
    public static async Task<PostgresBinaries?> InspectAsync(string directory, CancellationToken ct)
    {
        if (!programs.All(p => File.Exists(Path.Combine(directory, p))))
            return null;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromSeconds(versionLimitSeconds));
        try
        {
            var result = await new PostgresProcess(null, "/")
                .RunAsync(Path.Combine(directory, "postgres"), ["--version"], limit.Token);
            var match = VersionPattern().Match(result.Output);
            return result.ExitCode == 0 && match.Success
                ? new PostgresBinaries(directory, match.Groups["version"].Value,
                    int.Parse(match.Groups["major"].Value, CultureInfo.InvariantCulture))
                : null;
        }
        catch (Win32Exception)
        {
            // Not executable, or made for another machine: as good as not there.
            return null;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return null;
        }
    }

    private static async Task<PostgresBinaries> InspectConfiguredAsync(string directory, int? majorNeeded,
        CancellationToken ct)
    {
        var full = Path.GetFullPath(directory);
        var found = await InspectAsync(full, ct)
            ?? throw new EmbeddedPostgresException(
                $"The configured BinaryDirectory '{full}' has no working initdb, pg_ctl and postgres: name the "
                + $"'bin' directory of PostgreSQL {MajorMin} or newer, or leave it out.");
        if (found.Major < MajorMin)
            throw new EmbeddedPostgresException(
                $"The configured BinaryDirectory '{full}' holds PostgreSQL {found.Version}, but {MajorMin} or newer "
                + "is needed.");
        if (majorNeeded is not null && majorNeeded != found.Major)
            throw new EmbeddedPostgresException(
                $"The data was made by PostgreSQL {majorNeeded}, but the configured BinaryDirectory '{full}' holds "
                + $"{found.Version}: name the programs of version {majorNeeded}, or move the data over with "
                + "pg_upgrade.");
        return found;
    }

    private static IEnumerable<string> Candidates(PostgresPlaces places)
    {
        foreach (var bin in places.InstalledRoots.SelectMany(root => Versioned(root, "")))
            yield return bin;
        foreach (var directory in places.SearchPath.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            if (!Path.IsPathRooted(directory))
                continue;
            // Links, as some systems make them, are followed to where all three programs are together.
            var postgres = new FileInfo(Path.Combine(directory, "postgres"));
            if (postgres.Exists)
                yield return postgres.ResolveLinkTarget(returnFinalTarget: true) is FileInfo { DirectoryName: { } real }
                    ? real
                    : directory;
        }

        foreach (var root in places.HomebrewRoots)
        {
            foreach (var bin in Versioned(root, "postgresql@"))
                yield return bin;
            yield return Path.Combine(root, "postgresql", "bin");
        }
    }

    /// <summary>The bin directories below names such as "17" or "postgresql@17", the newest first.</summary>
    private static IEnumerable<string> Versioned(string root, string prefix)
    {
        if (!System.IO.Directory.Exists(root))
            return [];
        return System.IO.Directory.EnumerateDirectories(root, prefix + "*")
            .Select(path => (Path: path, Number: MajorIn(Path.GetFileName(path)[prefix.Length..])))
            .Where(version => version.Number > 0)
            .OrderByDescending(version => version.Number)
            .Select(version => Path.Combine(version.Path, "bin"));

        static int MajorIn(string name) =>
            int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : 0;
    }

    private static EmbeddedPostgresException NotFound(int? majorNeeded, List<string> seen)
    {
        var needed = majorNeeded is { } major
            ? $"PostgreSQL {major}, which made the data, was not found"
            : $"PostgreSQL {MajorMin} or newer was not found";
        var instead = seen.Count == 0 ? "" : $" (found only {string.Join(", ", seen)})";
        var version = (majorNeeded ?? PostgresPackage.Major).ToString(CultureInfo.InvariantCulture);
        var install = OperatingSystem.IsMacOS()
            ? $"install it with 'brew install postgresql@{version}'"
            : "install it (Debian, Ubuntu: 'apt-get install "
                + (majorNeeded is null ? "postgresql" : $"postgresql-{version}")
                + $"'; Fedora: 'dnf install postgresql-server'; Alpine: 'apk add postgresql{version}')";
        return new EmbeddedPostgresException(
            $"{needed}{instead}: {install}, install npm so that it can be downloaded, name its programs' directory "
            + "(BinaryDirectory), or use a database of your own.");
    }

    [GeneratedRegex(@"\(PostgreSQL\) (?<version>(?<major>\d+)\S*)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex VersionPattern();
}
