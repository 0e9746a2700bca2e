using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Orderly.Bench.Load;

/// <summary>The programs of PostgreSQL.</summary>
internal static class PostgresTools
{
    private const string DebianRoot = "/usr/lib/postgresql";

    /// <summary>Where initdb, pg_ctl and pgbench are: the newest installed version, or the PATH.</summary>
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

    /// <summary>Tells libpq and those who follow it where a database is.</summary>
    public static void SetEnvironment(ProcessStartInfo start, NpgsqlConnectionStringBuilder database)
    {
        start.Environment["PGHOST"] = database.Host;
        start.Environment["PGPORT"] = database.Port.ToString(CultureInfo.InvariantCulture);
        start.Environment["PGUSER"] = database.Username;
        start.Environment["PGPASSWORD"] = database.Password;
        start.Environment["PGDATABASE"] = database.Database;
    }
}
