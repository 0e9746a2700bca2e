using System.Globalization;

namespace Orderly.EmbeddedPostgres;

/// <summary>
/// The lines of postmaster.pid that matter: process id, data directory, start time, port, socket directory,
/// listen address, shared memory key, status. PostgreSQL writes them bit by bit while it starts.
/// </summary>
internal sealed record PostmasterFile(int ProcessId, string StartedAt, int? Port, string Status)
{
    // No system gives out process ids this high, so PostgreSQL takes the file for stale, but still looks whether
    // the shared memory that it names is in use, which it could not if the file were deleted.
    private const int impossibleProcessId = int.MaxValue - 1;
    private const string socketLocks = ".s.PGSQL.*.lock";

    public bool IsReady => Status == "ready";

    public bool IsStopping => Status == "stopping";

    public static PostmasterFile? Read(ClusterHome home)
    {
        var lines = ReadLines(home);
        if (lines.Length == 0 || !int.TryParse(lines[0], CultureInfo.InvariantCulture, out var pid))
            return null;
        int? port = int.TryParse(lines.ElementAtOrDefault(3), CultureInfo.InvariantCulture, out var p) ? p : null;
        return new PostmasterFile(pid, lines.ElementAtOrDefault(2) ?? "", port,
            (lines.ElementAtOrDefault(7) ?? "").Trim());
    }

    /// <summary>
    /// Makes a file whose process id meanwhile belongs to another program look as stale as it is. The lock of the
    /// socket, which has the same number and nothing else, is removed: PostgreSQL would take the other program's
    /// process, one of our own threads, or a postmaster that is dead but not yet waited for, for its owner.
    /// </summary>
    public static void Disown(ClusterDirectory directory)
    {
        foreach (var socketLock in Directory.EnumerateFiles(directory.Home.SocketDirectory, socketLocks))
        {
            File.Delete(socketLock);
        }

        var lines = ReadLines(directory.Home);
        if (lines.Length == 0)
            return;
        lines[0] = impossibleProcessId.ToString(CultureInfo.InvariantCulture);
        directory.ReplaceInData(directory.Home.PostmasterFile, string.Join('\n', lines) + "\n");
    }

    private static string[] ReadLines(ClusterHome home)
    {
        try
        {
            // Shared with everyone: a lock of ours must not disturb PostgreSQL, which rewrites the file.
            using var reader = new StreamReader(new FileStream(home.PostmasterFile, FileMode.Open, FileAccess.Read,
                FileShare.ReadWrite | FileShare.Delete));
            return reader.ReadToEnd().TrimEnd('\n').Split('\n') is [not "", ..] lines ? lines : [];
        }
        catch (FileNotFoundException)
        {
            return [];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }
}
