using System.ComponentModel;
using System.Data.Common;
using System.Globalization;

namespace Orderly.EmbeddedPostgres;

/// <summary>A restart of the server process after it died.</summary>
/// <param name="postmasterPid">The process id of the new server process.</param>
public sealed class ClusterRestartedEventArgs(int postmasterPid) : EventArgs
{
    /// <summary>The process id of the new server process.</summary>
    public int PostmasterPid { get; } = postmasterPid;
}

/// <summary>
/// A private PostgreSQL cluster, made on the first start, supervised while this object lives and stopped when it
/// is disposed. One process at a time owns a directory; if the owner is killed, PostgreSQL goes on and the next
/// owner takes it over.
/// </summary>
public sealed class EmbeddedCluster : IAsyncDisposable
{
    private readonly EmbeddedClusterOptions options;
    private readonly ClusterDirectory directory;
    private readonly Postmaster postmaster;
    private readonly CancellationTokenSource stopping = new();
    private readonly SemaphoreSlim stopOnce = new(1, 1);
    private readonly Task supervision;
    private bool stopped;

    private EmbeddedCluster(EmbeddedClusterOptions options, ClusterDirectory directory, PreparedCluster prepared)
    {
        this.options = options;
        this.directory = directory;
        postmaster = prepared.Postmaster;
        Host = prepared.Address.Host;
        Port = prepared.Address.Port;
        User = prepared.Login.User;
        Password = prepared.Login.Password;
        Database = prepared.Login.Database;
        IsNew = prepared.IsNew;
        Version = prepared.Version;
        ConnectionString = new DbConnectionStringBuilder
        {
            ["Host"] = Host,
            ["Port"] = Port.ToString(CultureInfo.InvariantCulture),
            ["Username"] = User,
            ["Password"] = Password,
            ["Database"] = Database,
        }.ConnectionString;
        var supervisor = new ClusterSupervisor(postmaster, options.Report,
            pid => Restarted?.Invoke(this, new ClusterRestartedEventArgs(pid)), options.Clock);
        supervision = Task.Run(() => supervisor.RunAsync(stopping.Token));
    }

    /// <summary>Raised, on a thread of the pool, after the server process died and was started again.</summary>
    public event EventHandler<ClusterRestartedEventArgs>? Restarted;

    /// <summary>
    /// For Npgsql, as key=value pairs; it holds the superuser's password. Stays valid across restarts.
    /// </summary>
    public string ConnectionString { get; }

    /// <summary>The directory of the unix socket, or 127.0.0.1 where the socket's path would be too long.</summary>
    public string Host { get; }

    /// <summary>The TCP port, which is also the number in the unix socket's name.</summary>
    public int Port { get; }

    /// <summary>The superuser's name, the same as the database's.</summary>
    public string User { get; }

    /// <summary>The superuser's generated password.</summary>
    public string Password { get; }

    /// <summary>The database's name.</summary>
    public string Database { get; }

    /// <summary>Whether this start made the cluster, so that the database is empty.</summary>
    public bool IsNew { get; }

    /// <summary>The process id of the server process, which changes when it is restarted.</summary>
    public int PostmasterPid => postmaster.ProcessId;

    /// <summary>The version of PostgreSQL, such as 15.18.</summary>
    public string Version { get; }

    /// <summary>
    /// Makes the cluster if need be, starts it or takes over one that a killed owner left, and waits until it
    /// takes connections.
    /// </summary>
    /// <exception cref="EmbeddedPostgresException">
    /// The options are wrong; no PostgreSQL was found; another process owns the directory; the port is taken; the
    /// directory holds something else or can't be used; PostgreSQL did not start. The message says what to do.
    /// </exception>
    public static async Task<EmbeddedCluster> StartAsync(EmbeddedClusterOptions options,
        CancellationToken cancellationToken = default)
    {
        if (OperatingSystem.IsWindows())
            throw new EmbeddedPostgresException(
                "Embedded PostgreSQL does not run on Windows: configure the connection string of a database.");
        options.Validate();
        var owned = ClusterDirectory.Take(options.Directory);
        try
        {
            return new EmbeddedCluster(options, owned,
                await PreparedCluster.StartAsync(options, owned, cancellationToken));
        }
        catch (Exception e)
        {
            owned.Dispose();
            if (e is IOException or UnauthorizedAccessException or Win32Exception)
                throw new EmbeddedPostgresException(
                    $"The embedded PostgreSQL in '{owned.Home.Path}' could not be started: {e.Message}", e);
            throw;
        }
    }

    /// <summary>
    /// The connection string of a cluster that somebody else runs at the moment, for a look at it beside them; it
    /// may end whenever they end it. Null: none takes connections there, and <see cref="StartAsync"/> is the way.
    /// </summary>
    /// <param name="directory">As in <see cref="EmbeddedClusterOptions.Directory"/>.</param>
    public static string? FindRunning(string directory)
    {
        var home = ClusterDirectory.HomeIn(directory);
        return ClusterDirectory.IsOwned(home) && PostmasterFile.Read(home) is { IsReady: true, Port: { } port }
            && ClusterDirectory.FindLogin(home) is { } login
                ? new DbConnectionStringBuilder
                {
                    ["Host"] = ClusterAddresses.Choose(home, port, port).Host,
                    ["Port"] = port.ToString(CultureInfo.InvariantCulture),
                    ["Username"] = login.User,
                    ["Password"] = login.Password,
                    ["Database"] = login.Database,
                }.ConnectionString
                : null;
    }

    /// <summary>
    /// Stops the cluster: connections are cut, everything is written, and the directory is free for another
    /// owner. A second call does nothing.
    /// </summary>
    /// <exception cref="EmbeddedPostgresException">PostgreSQL could not be stopped.</exception>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        await stopOnce.WaitAsync(cancellationToken);
        try
        {
            if (stopped)
                return;
            await stopping.CancelAsync();
            await supervision;
            await postmaster.StopAsync(cancellationToken);
            if (options.DeleteWhenStopped)
                directory.Delete();
            stopped = true;
            directory.Dispose();
        }
        finally
        {
            stopOnce.Release();
        }
    }

    /// <summary>Stops the cluster, as <see cref="StopAsync"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stopping.Dispose();
        stopOnce.Dispose();
    }
}
