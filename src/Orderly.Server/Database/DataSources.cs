using Npgsql;

namespace Orderly.Server.Database;

/// <summary>
/// Connections for writes.
/// </summary>
internal sealed class WriteDataSource(NpgsqlDataSource source) : IAsyncDisposable
{
    public NpgsqlDataSource Source { get; } = source;

    public async Task<DatabaseSession> OpenAsync(CancellationToken stop) => await Source.OpenConnectionAsync(stop);

    public ValueTask DisposeAsync() => Source.DisposeAsync();
}

/// <summary>Connections for everything else.</summary>
internal sealed class ReadDataSource(NpgsqlDataSource source) : IAsyncDisposable
{
    public NpgsqlDataSource Source { get; } = source;

    public ValueTask DisposeAsync() => Source.DisposeAsync();
}

/// <summary>How the service connects.</summary>
internal static class DataSources
{
    private const int ReadPoolSizeMax = 12;
    private const int WritePoolSizeMax = 4;
    private const int PreparedStatementsMax = 100;
    private const int CommandTimeoutSeconds = 30;
    private const int ConnectTimeoutSeconds = 5;

    /// <summary>
    /// Every statement goes by a key or an index, so the planner is kept from scans: a plan that was made while a
    /// table was small must not walk through it once it is large. It need not be made anew for each group either.
    /// </summary>
    private const string ByKeyOnly =
        " -c enable_seqscan=off -c plan_cache_mode=force_generic_plan";

    public static WriteDataSource ForWrites(string connectionString, ILoggerFactory? log) =>
        new(Build(connectionString, "orderly-write", WritePoolSizeMax, log));

    public static ReadDataSource ForReads(string connectionString, ILoggerFactory? log) =>
        new(Build(connectionString, "orderly-read", ReadPoolSizeMax, log));

    private static NpgsqlDataSource Build(
        string connectionString, string name, int poolSizeMax, ILoggerFactory? log)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        settings.ApplicationName ??= name;
        settings.Options = (settings.Options + " -c jit=off" + ByKeyOnly).Trim();

        // An interval of a day is 24 hours only where no clock is moved; the update window may be days.
        settings.Timezone = "UTC";
        settings.MaxAutoPrepare = PreparedStatementsMax;
        settings.AutoPrepareMinUsages = 2;
        settings.NoResetOnClose = true; // nothing here changes a session, and a reset costs 15 % of a write

        // A cancelled wait for a synchronous standby would be told as success; so a write is never cancelled.
        settings.CancellationTimeout = -1;
        settings.Timeout = ConnectTimeoutSeconds;
        settings.CommandTimeout = CommandTimeoutSeconds;
        if (!settings.ContainsKey("Maximum Pool Size"))
        {
            settings.MaxPoolSize = poolSizeMax;
        }

        return new NpgsqlDataSourceBuilder(settings.ConnectionString).UseLoggerFactory(log).Build();
    }
}
