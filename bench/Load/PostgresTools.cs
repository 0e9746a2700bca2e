using System.Globalization;

namespace Orderly.Bench.Load;

/// <summary>Finds the directory of initdb, pg_ctl and pgbench: the newest installed version, or the PATH.</summary>
internal static class PostgresTools
{
    private const string DebianRoot = "/usr/lib/postgresql";

    public static string Directory()
    {
        var installed = System.IO.Directory.Exists(DebianRoot)
            ? System.IO.Directory.GetDirectories(DebianRoot)
                .OrderByDescending(MajorVersion).Select(directory => Path.Combine(directory, "bin"))
            : [];
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return installed.Concat(onPath).FirstOrDefault(d => File.Exists(Path.Combine(d, "pgbench")))
            ?? throw new BenchException("pgbench was not found: install PostgreSQL's server package.");
    }

    private static int MajorVersion(string directory) =>
        int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var version) ? version : 0;
}
