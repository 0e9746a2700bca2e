using System.Net.Sockets;
using System.Security.Authentication;
using Npgsql;
using Orderly.EmbeddedPostgres;
using Orderly.Server.Configuration;

namespace Orderly.Server.Startup;

/// <summary>The database can't be used. The message says why; the start ends with exit code 3.</summary>
internal sealed class DatabaseStartException(string message) : Exception(message);

/// <summary>The database that the service uses: the configured one, or an embedded one that it runs itself.</summary>
internal sealed class DatabaseLocation : IAsyncDisposable
{
    private const int RetryDelayMilliseconds = 250;
    private const int ConnectTimeoutSeconds = 3;

    private readonly EmbeddedCluster? _embedded;

    private DatabaseLocation(string connectionString, EmbeddedCluster? embedded)
    {
        ConnectionString = connectionString;
        _embedded = embedded;
    }

    public string ConnectionString { get; }

    /// <summary>Whether this start made an embedded database that was not there before.</summary>
    public bool IsNew => _embedded?.IsNew == true;

    public ValueTask DisposeAsync() => _embedded?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <exception cref="DatabaseStartException">There is no way to a database.</exception>
    public static async Task<DatabaseLocation> OpenAsync(
        ServerSettings settings, TimeProvider time, Action<string> progress, CancellationToken stop)
    {
        if (settings.ConnectionString is { } configured)
        {
            await WaitAsync(configured, settings.StartTimeout, time, progress, stop);
            return new DatabaseLocation(configured, embedded: null);
        }

        try
        {
            var cluster = await EmbeddedCluster.StartAsync(
                new EmbeddedClusterOptions
                {
                    Directory = settings.DataDirectory,
                    Port = settings.DatabasePort,
                    Progress = progress,
                },
                stop);
            return new DatabaseLocation(cluster.ConnectionString, cluster);
        }
        catch (EmbeddedPostgresException exception)
        {
            throw new DatabaseStartException(
                exception.Message.Replace("(Port)", "(Orderly:DatabasePort)", StringComparison.Ordinal));
        }
    }

    /// <summary>The same for a command that only reads: beside a server that runs the embedded database, too.</summary>
    /// <exception cref="DatabaseStartException">There is no way to a database.</exception>
    public static async Task<DatabaseLocation> OpenForReadingAsync(
        ServerSettings settings, TimeProvider time, Action<string> progress, CancellationToken stop) =>
        settings.ConnectionString is null && EmbeddedCluster.FindRunning(settings.DataDirectory) is { } running
            ? new DatabaseLocation(running, embedded: null)
            : await OpenAsync(settings, time, progress, stop);

    /// <summary>Tries until the database answers. What no waiting mends (a wrong password) ends it at once.</summary>
    private static async Task WaitAsync(
        string connectionString, TimeSpan timeout, TimeProvider time, Action<string> progress, CancellationToken stop)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Pooling = false,
            Timeout = ConnectTimeoutSeconds,
        };
        var start = time.GetTimestamp();
        var told = false;
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(settings.ConnectionString);
                await connection.OpenAsync(stop);
                return;
            }
            catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
            {
                var where = $"{settings.Host}:{settings.Port}, database {settings.Database}";
                if (!CanMend(exception) || time.GetElapsedTime(start) >= timeout)
                {
                    throw new DatabaseStartException(
                        $"The database at {where} can't be used: {OneLine(exception)} "
                        + "Check ConnectionStrings:Orderly and that PostgreSQL runs there.");
                }

                if (!told)
                {
                    progress($"Waiting up to {timeout.TotalSeconds:0} s for the database at {where}: "
                        + OneLine(exception));
                    told = true;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(RetryDelayMilliseconds), time, stop);
            }
        }
    }

    /// <summary>
    /// Classes 28 (authorisation) and 3D (no such database), and a certificate that is not trusted, stay as they are
    /// however long one waits.
    /// </summary>
    private static bool CanMend(Exception exception) =>
        exception is not PostgresException { SqlState: ['2', '8', ..] or ['3', 'D', ..] }
        && exception.InnerException is not AuthenticationException;

    private static string OneLine(Exception exception)
    {
        var message = exception.InnerException is { } inner and (SocketException or AuthenticationException)
            ? inner.Message
            : exception.Message;
        return message.ReplaceLineEndings(" ").TrimEnd('.') + ".";
    }
}
