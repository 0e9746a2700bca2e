using System.Diagnostics;
using System.Globalization;

namespace Orderly.EmbeddedPostgres;

/// <summary>
/// Tells whether a process is one of a cluster's own. A process that merely has the number of our old postmaster
/// is another program. PostgreSQL's processes stay in their data directory, which Linux shows to their own user
/// and to a root that may trace; a dead but unreaped process is in none.
/// </summary>
internal static class ClusterProcesses
{
    private const int capabilityToTrace = 19;
    private static readonly bool seesDirectoriesOfOthers = !Environment.IsPrivilegedProcess || MayTrace();

    public static bool IsPostgresOf(ClusterHome home, int pid)
    {
        if (OperatingSystem.IsLinux())
        {
            // Root in a container usually may not trace; then the name has to do, for a number that is known.
            return DirectoryOf(pid) is { } directory
                ? directory == home.DataDirectory && IsLivePostgres(pid)
                : !seesDirectoriesOfOthers && IsLivePostgres(pid);
        }

        try
        {
            using var process = Process.GetProcessById(pid);
            return process.ProcessName == "postgres" && !process.HasExited;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>
    /// All processes of the cluster where the system can tell (Linux), else none: PostgreSQL itself then refuses
    /// to start beside them.
    /// </summary>
    public static async Task<IReadOnlyList<int>> AllAsync(ClusterHome home, PostgresProcess process,
        CancellationToken ct)
    {
        if (!OperatingSystem.IsLinux())
            return [];
        if (seesDirectoriesOfOthers)
            return [.. Directory.EnumerateDirectories("/proc")
                .Select(path => Number(Path.GetFileName(path)))
                .Where(pid => pid > 0 && DirectoryOf(pid) == home.DataDirectory && IsLivePostgres(pid))];

        // The cluster's own account can see what root may not. Lines end in "/proc/123/cwd -> /its/directory".
        var list = await process.RunUnprivilegedAsync("/bin/sh", ["-c", "ls -ld /proc/[0-9]*/cwd 2>&1"], ct);
        var suffix = $"/cwd -> {home.DataDirectory}";
        return [.. list.Output.Split('\n')
            .Where(line => line.EndsWith(suffix, StringComparison.Ordinal))
            .Select(line => Number(line[..^suffix.Length].Split('/')[^1]))
            .Where(IsLivePostgres)];
    }

    private static string? DirectoryOf(int pid)
    {
        try
        {
            return new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/cwd")).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // "123 (postgres) S ..." where the letter is the state, Z for a process that is dead but not reaped.
    private static bool IsLivePostgres(int pid)
    {
        try
        {
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
            return stat.Contains(" (postgres) ", StringComparison.Ordinal)
                && !stat.Contains(") Z ", StringComparison.Ordinal)
                && !stat.Contains(") X ", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool MayTrace()
    {
        if (!OperatingSystem.IsLinux())
            return true;
        var line = File.ReadLines("/proc/self/status")
            .FirstOrDefault(l => l.StartsWith("CapEff:", StringComparison.Ordinal));
        return line is not null
            && ulong.TryParse(line["CapEff:".Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture,
                out var capabilities)
            && (capabilities >> capabilityToTrace & 1) == 1;
    }

    private static int Number(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
