using Npgsql;

namespace Orderly.Server.Database;

/// <summary>Connections for writes.</summary>
/// <param name="source">For most of them.</param>
/// <param name="groups">
/// For groups of orders, one after the other. A pool gives out its connections in turn, so among others each group
/// would come to a backend that has other work to remember.
/// </param>
/// <param name="helpers">
/// One for the groups of each helper lane. A lane that tries again first ends the backends that it began on, so no
/// other lane may have come by one of them since.
/// </param>
internal sealed class WriteDataSource(NpgsqlDataSource source, NpgsqlDataSource groups, NpgsqlDataSource[] helpers)
    : IAsyncDisposable
{
    public NpgsqlDataSource Source { get; } = source;

    /// <summary>For groups of orders in this lane.</summary>
    public NpgsqlDataSource OfLane(int lane) => lane == 0 ? groups : helpers[lane - 1];

    public async Task<DatabaseSession> OpenAsync(CancellationToken stop) => await Source.OpenConnectionAsync(stop);

    /// <summary>Lets go of the connections that wait to be used again.</summary>
    public void Forget()
    {
        Source.Clear();
        groups.Clear();
        Array.ForEach(helpers, helper => helper.Clear());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var helper in helpers)
        {
            await helper.DisposeAsync();
        }

        await groups.DisposeAsync();
        await Source.DisposeAsync();
    }
}

/// <summary>Connections for everything else.</summary>
/// <param name="source">For most of it.</param>
/// <param name="many">
/// For many rows by their keys. Index scans are off there: they wait for one page after the other, where a bitmap scan
/// asks the disk for all pages before it waits for the first.
/// </param>
internal sealed class ReadDataSource(NpgsqlDataSource source, NpgsqlDataSource many) : IAsyncDisposable
{
    private const int LookUpTimeoutSeconds = 2;

    public NpgsqlDataSource Source { get; } = source;

    public NpgsqlDataSource Many { get; } = many;

    /// <summary>
    /// Reads what takes a moment, by key, at the first use of a connection or the second: see <see cref="FirstUse"/>.
    /// </summary>
    /// <param name="sql">One of a store's statements.</param>
    /// <param name="bind">Adds the parameters; called for each attempt.</param>
    /// <param name="read">Reads the rows; called for each attempt.</param>
    /// <param name="stop">Ends it early.</param>
    public Task<T> LookUpAsync<T>(
        string sql, Action<NpgsqlParameterCollection> bind, Func<NpgsqlDataReader, Task<T>> read,
        CancellationToken stop) => LookUpAsync(Source, sql, bind, read, stop);

    /// <summary>The same, of each row.</summary>
    public Task<List<T>> LookUpAllAsync<T>(
        string sql, Action<NpgsqlParameterCollection> bind, Func<NpgsqlDataReader, T> read, CancellationToken stop) =>
        LookUpAsync(
            sql, bind,
            async reader =>
            {
                var rows = new List<T>();
                while (await reader.ReadAsync(stop))
                {
                    rows.Add(read(reader));
                }

                return rows;
            },
            stop);

    /// <summary>The same for many rows, each by its key.</summary>
    public Task<T> LookUpManyAsync<T>(
        string sql, Action<NpgsqlParameterCollection> bind, Func<NpgsqlDataReader, Task<T>> read,
        CancellationToken stop) => LookUpAsync(Many, sql, bind, read, stop);

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await Many.DisposeAsync();
    }

    private static Task<T> LookUpAsync<T>(
        NpgsqlDataSource source, string sql, Action<NpgsqlParameterCollection> bind,
        Func<NpgsqlDataReader, Task<T>> read, CancellationToken stop) => source.ReadAsync(
            async connection =>
            {
                await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = LookUpTimeoutSeconds };
                bind(command.Parameters);
                await using var reader = await command.ExecuteReaderAsync(stop);
                return await read(reader);
            },
            stop);
}

/// <summary>
/// Connections for lists with filters. They are apart, so that long ones do not keep others waiting, and plan each
/// statement for its values: what is best for a rare word is worst for a common one.
/// </summary>
internal sealed class ListDataSource(NpgsqlDataSource source) : IAsyncDisposable
{
    public NpgsqlDataSource Source { get; } = source;

    /// <summary>How many lists run at a time.</summary>
    public int ListsMax { get; } = new NpgsqlConnectionStringBuilder(source.ConnectionString).MaxPoolSize;

    public ValueTask DisposeAsync() => Source.DisposeAsync();
}

/// <summary>
/// Connections for streams, which each keep one for as long as they take. The planner may scan and sort as it likes:
/// they go through much of a table.
/// </summary>
internal sealed class StreamDataSource(NpgsqlDataSource source) : IAsyncDisposable
{
    /// <summary>More at a time could keep callers of single orders waiting for the disk.</summary>
    public const int ConnectionsMax = 8;

    public NpgsqlDataSource Source { get; } = source;

    public ValueTask DisposeAsync() => Source.DisposeAsync();
}

/// <summary>Connections for imports, which write as all others do, but for longer.</summary>
internal sealed class ImportDataSource(NpgsqlDataSource source) : IAsyncDisposable
{
    /// <summary>How many imports run at a time.</summary>
    public const int ImportsMax = 3;

    /// <summary>Each import has one at a time; one more renews the planner's statistics behind them.</summary>
    public const int ConnectionsMax = ImportsMax + 1;

    public WriteDataSource Writes { get; } = new(source, source, []);

    public ValueTask DisposeAsync() => Writes.DisposeAsync();
}

/// <summary>How the service connects.</summary>
internal static class DataSources
{
    private const int ReadPoolSizeMax = 12;
    private const int ManyPoolSizeMax = 4;
    private const int WritePoolSizeMax = 4;

    /// <summary>One at a time is used; the others are for where it does not answer any more.</summary>
    private const int GroupPoolSizeMax = 4;
    private const int HelperPoolSizeMax = 1;
    private const int ListPoolSizeMax = 6;
    private const int PreparedStatementsMax = 100;
    private const int CommandTimeoutSeconds = 30;
    private const int ConnectTimeoutSeconds = 2;
    private const int TransferCommandTimeoutSeconds = 600;
    private const string AsItLikes = "";

    /// <summary>A group of writes, or a page of orders, goes over in one piece, not in a dozen of 8 KiB.</summary>
    private const int BufferBytes = 64 * 1024;

    /// <summary>
    /// Every statement goes by a key or an index, so the planner is kept from scans: a plan that was made while a
    /// table was small must not walk through it once it is large. It need not be made anew for each group either.
    /// </summary>
    private const string ByKeyOnly =
        " -c enable_seqscan=off -c plan_cache_mode=force_generic_plan";

    /// <summary>The same for many keys at once, by bitmap scans, which ask the disk ahead.</summary>
    private const string ByKeysAhead = ByKeyOnly + " -c enable_indexscan=off";

    /// <summary>
    /// How many pages a bitmap scan asks for ahead; by default PostgreSQL before 18 asks for one. An operator may have
    /// set more, and where the system can't be asked at all, as on macOS, the largest that may be set is 0.
    /// </summary>
    private const string SetPagesAhead =
        """
        select set_config(name, greatest(setting::integer, least(32, max_val::integer))::text, false)
        from pg_settings
        where name = 'effective_io_concurrency'
        """;

    /// <summary>
    /// Planned for each statement's values. A list that takes longer than this time is looked for in another way (see
    /// OrderListStore), but not where it only waits for a table that somebody has locked.
    /// </summary>
    private const string ByValue =
        " -c enable_seqscan=off -c plan_cache_mode=force_custom_plan -c statement_timeout=500ms -c lock_timeout=400ms";

    public static WriteDataSource ForWrites(string connectionString, ILoggerFactory? log) => new(
        Builder(connectionString, "orderly-write", WritePoolSizeMax, ByKeyOnly, log).Build(),
        Builder(connectionString, "orderly-write-groups", GroupPoolSizeMax, ByKeyOnly, log).Build(),
        [
            .. Enumerable.Range(1, LaneTrial.Helpers).Select(lane => Builder(
                connectionString, $"orderly-write-helper-{lane}", HelperPoolSizeMax, ByKeyOnly, log).Build()),
        ]);

    public static ReadDataSource ForReads(string connectionString, ILoggerFactory? log) => new(
        Builder(connectionString, "orderly-read", ReadPoolSizeMax, ByKeyOnly, log).Build(),
        Builder(connectionString, "orderly-read-many", ManyPoolSizeMax, ByKeysAhead, log)
            .UsePhysicalConnectionInitializer(AskAhead, AskAheadAsync).Build());

    public static ListDataSource ForLists(string connectionString, ILoggerFactory? log) =>
        new(Builder(connectionString, "orderly-list", ListPoolSizeMax, ByValue, log).Build());

    /// <summary>
    /// Nothing is prepared: a prepared FETCH would go on describing the columns of the cursor that it was made for.
    /// </summary>
    public static StreamDataSource ForStreams(string connectionString, ILoggerFactory? log)
    {
        var builder = Builder(connectionString, "orderly-stream", StreamDataSource.ConnectionsMax, AsItLikes, log);
        builder.ConnectionStringBuilder.MaxAutoPrepare = 0;
        builder.ConnectionStringBuilder.CommandTimeout = TransferCommandTimeoutSeconds;
        return new(builder.Build());
    }

    public static ImportDataSource ForImports(string connectionString, ILoggerFactory? log)
    {
        var builder = Builder(connectionString, "orderly-import", ImportDataSource.ConnectionsMax, ByKeyOnly, log);
        builder.ConnectionStringBuilder.CommandTimeout = TransferCommandTimeoutSeconds;
        return new(builder.Build());
    }

    private static void AskAhead(NpgsqlConnection connection)
    {
        using var command = AskAheadCommand(connection);
        command.ExecuteNonQuery();
    }

    private static async Task AskAheadAsync(NpgsqlConnection connection)
    {
        await using var command = AskAheadCommand(connection);
        await command.ExecuteNonQueryAsync();
    }

    private static NpgsqlCommand AskAheadCommand(NpgsqlConnection connection) =>
        new(SetPagesAhead, connection) { CommandTimeout = ConnectTimeoutSeconds };

    /// <param name="connectionString">Where to connect; what it says of the pool or the program itself stands.</param>
    /// <param name="name">What metrics call the pool; without it they would call it by its connection string.</param>
    /// <param name="poolSizeMax">How many connections there may be.</param>
    /// <param name="planning">Options of each session, for the planner.</param>
    /// <param name="log">Where it writes its log.</param>
    private static NpgsqlDataSourceBuilder Builder(
        string connectionString, string name, int poolSizeMax, string planning, ILoggerFactory? log)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString) { Name = name };
        builder.UseLoggerFactory(log);
        var settings = builder.ConnectionStringBuilder;
        settings.ApplicationName ??= name;
        settings.Options = (settings.Options + " -c jit=off" + planning).Trim();

        // An interval of a day is 24 hours only where no clock is moved; the update window may be days.
        settings.Timezone = "UTC";
        settings.MaxAutoPrepare = PreparedStatementsMax;
        settings.AutoPrepareMinUsages = 2;
        settings.NoResetOnClose = true; // nothing here changes a session, and a reset costs 15 % of a write

        // A cancelled wait for a synchronous standby would be told as success; so whoever cancels, or has waited for
        // too long, does not wait for the answer, and takes the connection for lost.
        settings.CancellationTimeout = -1;
        settings.Timeout = ConnectTimeoutSeconds;
        settings.CommandTimeout = CommandTimeoutSeconds;
        settings.ReadBufferSize = BufferBytes;
        settings.WriteBufferSize = BufferBytes;
        if (settings.MaxPoolSize == new NpgsqlConnectionStringBuilder().MaxPoolSize)
        {
            settings.MaxPoolSize = poolSizeMax; // nothing else was asked for
        }

        return builder;
    }
}
