namespace Orderly.EmbeddedPostgres;

/// <summary>Reads PostgreSQL's logs, to say why a start failed.</summary>
internal sealed class ClusterLog(ClusterHome home)
{
    public const string FileNamePattern = "postgresql-%a.log";
    private const int reasonBytesMax = 64 * 1024;

    // Some causes are told at the level LOG, before a FATAL that only says that there was one.
    private static readonly string[] telling =
    [
        " FATAL: ", " PANIC: ", "could not bind", "invalid value for parameter", "outside the valid range",
        "unrecognized configuration parameter", "pre-existing shared memory",
    ];

    private readonly Dictionary<string, long> lengths = new(StringComparer.Ordinal);

    /// <summary>What PostgreSQL says before its own log is open goes here.</summary>
    public string StartFile => Path.Combine(home.LogDirectory, "start.log");

    /// <summary>Remembers where the logs end, so that only what follows is taken for a reason.</summary>
    public void Mark()
    {
        lengths.Clear();
        foreach (var file in Files())
            lengths[file.FullName] = file.Length;
    }

    /// <summary>Why PostgreSQL gave up, as one line; empty if it did not say.</summary>
    public string Reason()
    {
        var lines = Files().SelectMany(LinesSinceMark)
            .Where(line => telling.Any(part => line.Contains(part, StringComparison.Ordinal)))
            .Select(WithoutPrefix)
            .Distinct(StringComparer.Ordinal);
        return string.Join(' ', lines);
    }

    private IEnumerable<FileInfo> Files() => Directory.Exists(home.LogDirectory)
        ? new DirectoryInfo(home.LogDirectory).EnumerateFiles("*.log").OrderBy(f => f.Name, StringComparer.Ordinal)
        : [];

    private IEnumerable<string> LinesSinceMark(FileInfo file)
    {
        using var stream = new FileStream(file.FullName, FileMode.Open, FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete);
        var from = lengths.GetValueOrDefault(file.FullName);
        // A log that is shorter than before was begun anew.
        stream.Position = stream.Length < from ? 0 : Math.Max(from, stream.Length - reasonBytesMax);
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
            yield return line;
    }

    // "2026-01-31 12:00:00.000 UTC [123] FATAL:  text" tells an operator nothing before its last part.
    private static string WithoutPrefix(string line)
    {
        var colon = line.IndexOf(":  ", StringComparison.Ordinal);
        return (colon < 0 ? line : line[(colon + 3)..]).Trim().TrimEnd('.') + ".";
    }
}
