using Npgsql;
using Orderly.Server.Observability;

namespace Orderly.Server.Database;

/// <summary>How the database is.</summary>
internal sealed record DatabaseState
{
    public required string Version { get; init; }
    public required int Schema { get; init; }

    /// <summary>Whether it takes no writes: a standby, or told so.</summary>
    public required bool IsReadOnly { get; init; }

    /// <summary>Changes that are not in the feed yet, counted up to 10,001.</summary>
    public required long FeedPending { get; init; }

    /// <summary>The age of the oldest of them.</summary>
    public required TimeSpan FeedLag { get; init; }
    public long Connections { get; init; }
    public long ConnectionsMax { get; init; }
    public long SizeBytes { get; init; }
    public TimeSpan OldestTransaction { get; init; }
    public long TransactionIdAge { get; init; }
}

/// <summary>Whether the database can be used, and has the schema that this version needs.</summary>
internal sealed class DatabaseCheck(ReadDataSource database)
{
    public const int FeedLagSecondsMax = 30;

    /// <summary>
    /// What waits for its place in the feed is little, unless something is wrong; then it is enough to look at some.
    /// </summary>
    private const string SelectState =
        """
        select current_setting('server_version'), (select max(version) from schema_migrations),
            current_setting('transaction_read_only') = 'on' or pg_is_in_recovery(),
            (select count(*) from (select 1 from pending limit 10001) counted),
            coalesce((
                select now() - min(r.recorded_at)
                from (select order_id, version from pending order by order_id, version limit 1000) p
                join revisions r on r.order_id = p.order_id and r.version = p.version), interval '0')
        """;

    /// <summary>Costs a look at every file of the database and every connection.</summary>
    private const string SelectMore =
        """
        select (select sum(numbackends)::bigint from pg_stat_database), current_setting('max_connections')::bigint,
            pg_database_size(current_database()),
            coalesce((select now() - min(xact_start) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid()), interval '0'),
            (select age(datfrozenxid)::bigint from pg_database where datname = current_database())
        """;

    /// <summary>What must be for the service to serve, and what it can serve without.</summary>
    public async Task<IReadOnlyList<HealthCheck>> RunAsync(CancellationToken stop)
    {
        DatabaseState state;
        try
        {
            state = await ReadAsync(stop);
        }
        catch (Exception exception) when (DatabaseFailure.IsDatabase(exception) || exception is TimeoutException)
        {
            return [new HealthCheck("database", Ok: false, exception.Message) { IsNeeded = true }];
        }

        var needed = Migrator.Known[^1];
        var lagSeconds = state.FeedLag.TotalSeconds;
        return
        [
            new HealthCheck("database", Ok: true, $"PostgreSQL {state.Version}") { IsNeeded = true },
            new HealthCheck("migrations", state.Schema >= needed.Version,
                $"schema {state.Schema}, this version needs {needed.Version}") { IsNeeded = true },
            new HealthCheck("writes", !state.IsReadOnly,
                state.IsReadOnly ? "the database is read-only" : "the database takes writes"),
            new HealthCheck("feed", lagSeconds <= FeedLagSecondsMax,
                string.Create(System.Globalization.CultureInfo.InvariantCulture,
                    $"{state.FeedPending} changes wait for their place, the oldest for {lagSeconds:0.0} s")),
        ];
    }

    /// <summary>Everything, for the metrics.</summary>
    public async Task<DatabaseState> LookAsync(CancellationToken stop)
    {
        var state = await ReadAsync(stop);
        return await database.LookUpAsync(
            SelectMore, _ => { },
            async reader =>
            {
                await reader.ReadAsync(stop);
                return state with
                {
                    Connections = reader.GetInt64(0),
                    ConnectionsMax = reader.GetInt64(1),
                    SizeBytes = reader.GetInt64(2),
                    OldestTransaction = reader.GetTimeSpan(3),
                    TransactionIdAge = reader.GetInt64(4),
                };
            },
            stop);
    }

    private Task<DatabaseState> ReadAsync(CancellationToken stop) => database.LookUpAsync(
        SelectState, _ => { },
        async reader =>
        {
            await reader.ReadAsync(stop);
            return new DatabaseState
            {
                Version = reader.GetString(0),
                Schema = reader.GetInt32(1),
                IsReadOnly = reader.GetBoolean(2),
                FeedPending = reader.GetInt64(3),
                FeedLag = reader.GetTimeSpan(4),
            };
        },
        stop);
}
