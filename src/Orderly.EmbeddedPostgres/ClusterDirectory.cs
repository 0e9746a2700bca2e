using System.Globalization;
using System.Security.Cryptography;

namespace Orderly.EmbeddedPostgres;

/// <summary>
/// The layout of a cluster's directory. The home itself belongs to us; only what PostgreSQL must write belongs
/// to its account (the two differ for root), so that the account can't plant links for us to follow.
/// <code>
/// home/  embedded-postgres.lock  held while a cluster is owned; marks the directory as ours
///        embedded-postgres.pid   the owner's process id, for messages only
///        pgpass                  0600, the generated password in PostgreSQL's own format
///        data/                   0700, appears complete by a rename
///        data.unfinished-*/      what a killed initdb left; removed
///        log/  run/              0700, logs and the unix socket
/// </code>
/// </summary>
internal sealed record ClusterHome(string Path)
{
    public string LockFile => System.IO.Path.Combine(Path, "embedded-postgres.lock");

    /// <summary>The owner's process id, in a file of its own since a locked one can't be read.</summary>
    public string OwnerFile => System.IO.Path.Combine(Path, "embedded-postgres.pid");

    public string PasswordFile => System.IO.Path.Combine(Path, "pgpass");

    public string DataDirectory => System.IO.Path.Combine(Path, "data");

    public string VersionFile => System.IO.Path.Combine(DataDirectory, "PG_VERSION");

    public string ConfigurationFile => System.IO.Path.Combine(DataDirectory, "postgresql.conf");

    public string PostmasterFile => System.IO.Path.Combine(DataDirectory, "postmaster.pid");

    public string LogDirectory => System.IO.Path.Combine(Path, "log");

    public string SocketDirectory => System.IO.Path.Combine(Path, "run");
}

/// <summary>The credentials in the password file.</summary>
internal sealed record ClusterLogin(string Database, string User, string Password);

/// <summary>A cluster's directory, exclusively ours until disposed or until our process ends in any way.</summary>
internal sealed class ClusterDirectory : IDisposable
{
    private const string homeName = "postgres";
    private const string unfinishedPrefix = "data.unfinished-";
    private const int passwordBytes = 24;
    private const int linksMax = 40;

    // What flock() answers when another holds the lock: EWOULDBLOCK on Linux and on macOS.
    private const int wouldBlockOnLinux = 11;
    private const int wouldBlockOnMacOS = 35;

    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    public const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode enterable = OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private readonly FileStream ownership;

    private ClusterDirectory(ClusterHome home, FileStream ownership)
    {
        Home = home;
        this.ownership = ownership;
    }

    public ClusterHome Home { get; }

    public static ClusterHome HomeIn(string directory) => new(Path.Combine(RealPath(directory), homeName));

    /// <summary>Whether another process has the lock. A killed owner has not, though its server may run on.</summary>
    public static bool IsOwned(ClusterHome home)
    {
        try
        {
            using var probe = new FileStream(home.LockFile, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (IOException e) when (e.HResult is wouldBlockOnLinux or wouldBlockOnMacOS)
        {
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The login in the password file; null where there is none.</summary>
    public static ClusterLogin? FindLogin(ClusterHome home)
    {
        var fields = File.Exists(home.PasswordFile) ? File.ReadAllText(home.PasswordFile).Trim().Split(':') : [];
        return fields.Length == 5 ? new ClusterLogin(fields[2], fields[3], fields[4]) : null;
    }

    /// <summary>Makes the directory if it is missing and takes its lock, or fails at once.</summary>
    public static ClusterDirectory Take(string directory)
    {
        try
        {
            MakeDirectory(directory);
            var home = new ClusterHome(Path.Combine(RealPath(directory), homeName));
            Directory.CreateDirectory(home.Path);
            if (!File.Exists(home.LockFile))
            {
                if (Directory.EnumerateFileSystemEntries(home.Path).FirstOrDefault() is { } foreign)
                    throw new EmbeddedPostgresException(
                        $"'{home.Path}' holds something that is not an embedded cluster ('{Path.GetFileName(foreign)}'"
                        + ") and is left alone: choose another directory, or empty this one.");
                File.SetUnixFileMode(home.Path, Environment.IsPrivilegedProcess ? enterable : OwnerOnly);
            }

            return new ClusterDirectory(home, Lock(home));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EmbeddedPostgresException(
                $"The cluster's directory '{directory}' can't be used: {e.Message} Run the server as the user that "
                + "owns it, or choose another directory.", e);
        }
    }

    /// <summary>
    /// Makes a directory and those above it. Under root, what is made can be entered by the account that
    /// PostgreSQL runs as, even with a strict umask; what was there before is left as it is.
    /// </summary>
    public static void MakeDirectory(string path)
    {
        List<string> missing = [];
        for (var at = Path.GetFullPath(path); at is not null && !Directory.Exists(at); at = Path.GetDirectoryName(at))
            missing.Add(at);
        Directory.CreateDirectory(path);
        if (!Environment.IsPrivilegedProcess)
            return;
        foreach (var made in missing)
            File.SetUnixFileMode(made, enterable);
    }

    /// <summary>The major version that made the data, or null where there is no data yet.</summary>
    public int? DataMajor()
    {
        if (!Directory.Exists(Home.DataDirectory))
            return null;
        if (!Directory.EnumerateFileSystemEntries(Home.DataDirectory).Any())
        {
            Directory.Delete(Home.DataDirectory);
            return null;
        }

        return File.Exists(Home.VersionFile)
            && int.TryParse(File.ReadAllText(Home.VersionFile).Trim(), CultureInfo.InvariantCulture, out var major)
                ? major
                : throw new EmbeddedPostgresException(
                    $"'{Home.DataDirectory}' has files but is no PostgreSQL data directory, and is left alone: "
                    + "restore it from a backup, or move it away to start with an empty database.");
    }

    /// <summary>Removes what an earlier, killed initdb left. Its name is ours alone, so nothing else is lost.</summary>
    public void RemoveUnfinished()
    {
        foreach (var unfinished in Directory.EnumerateDirectories(Home.Path, unfinishedPrefix + "*"))
        {
            try
            {
                Directory.Delete(unfinished, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // An initdb that outlived its killed parent may be writing still; the next start removes the rest.
            }
        }
    }

    public string NewUnfinishedDirectory() =>
        Path.Combine(Home.Path, unfinishedPrefix + Path.GetRandomFileName());

    public static ClusterLogin NewLogin(string database) =>
        new(database, database, RandomNumberGenerator.GetHexString(passwordBytes * 2, lowercase: true));

    /// <summary>Writes the login in the format of PostgreSQL's own password file, so that psql can use it.</summary>
    public void WriteLogin(ClusterLogin login) =>
        WritePrivate(Home.PasswordFile, $"*:*:{login.Database}:{login.User}:{login.Password}\n");

    public ClusterLogin ReadLogin(string database)
    {
        var fields = File.Exists(Home.PasswordFile) ? File.ReadAllText(Home.PasswordFile).Trim().Split(':') : [];
        if (fields.Length != 5)
            throw new EmbeddedPostgresException(
                $"The password file '{Home.PasswordFile}' is missing or damaged: restore it from a backup.");
        if (fields[2] != database)
            throw new EmbeddedPostgresException(
                $"The cluster in '{Home.Path}' was made for the database '{fields[2]}', not '{database}': use that "
                + "name, or another directory.");
        return new ClusterLogin(fields[2], fields[3], fields[4]);
    }

    /// <summary>A file that only its owner can read, replaced as a whole.</summary>
    public static void WritePrivate(string path, string text)
    {
        var temporary = path + ".new";
        File.Delete(temporary);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerFile,
        };
        using (var writer = new StreamWriter(temporary, options))
            writer.Write(text);
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Replaces a file in the data directory, without following a link that may stand in its place.</summary>
    public void ReplaceInData(string path, string text)
    {
        var temporary = Path.Combine(Home.Path, Path.GetFileName(path) + ".new");
        File.WriteAllText(temporary, text);
        File.SetUnixFileMode(temporary, OwnerFile | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Removes the stopped cluster, and the directory above it if nothing else is there.</summary>
    public void Delete()
    {
        Directory.Delete(Home.Path, recursive: true);
        var above = Path.GetDirectoryName(Home.Path);
        if (above is not null && !Directory.EnumerateFileSystemEntries(above).Any())
            Directory.Delete(above);
    }

    public void Dispose() => ownership.Dispose();

    // FileShare.None is an flock(): the system frees it when we die, and since .NET opens files close-on-exec,
    // no PostgreSQL process that outlives us keeps it.
    private static FileStream Lock(ClusterHome home)
    {
        try
        {
            var stream = new FileStream(home.LockFile, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = OwnerFile,
            });
            WritePrivate(home.OwnerFile, Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
            return stream;
        }
        catch (IOException e) when (e.HResult is wouldBlockOnLinux or wouldBlockOnMacOS)
        {
            var holder = File.Exists(home.OwnerFile) ? File.ReadAllText(home.OwnerFile).Trim() : "";
            throw new EmbeddedPostgresException(
                $"The cluster in '{home.Path}' is in use by another server"
                + (holder.Length == 0 ? "" : $" (process {holder})")
                + ": stop that one, or choose another directory.", e);
        }
    }

    /// <summary>The path without links, as the kernel names the directory of a process that is in it.</summary>
    private static string RealPath(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        for (var links = 0; links < linksMax; links++)
        {
            var (link, below) = FirstLink(full);
            if (link is null)
                return full;
            full = Path.GetFullPath(below, Path.GetFullPath(link.LinkTarget ?? "", link.Parent?.FullName ?? "/"));
        }

        throw new IOException($"'{path}' has more than {linksMax} links.");
    }

    private static (DirectoryInfo? Link, string Below) FirstLink(string path)
    {
        var chain = new List<DirectoryInfo>();
        for (var at = new DirectoryInfo(path); at is not null; at = at.Parent)
            chain.Insert(0, at);
        var link = chain.Find(directory => directory.LinkTarget is not null);
        return (link, link is null ? "" : Path.GetRelativePath(link.FullName, path));
    }
}
