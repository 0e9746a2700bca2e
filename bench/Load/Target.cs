using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Orderly.Bench.Load;

/// <summary>One thing that is measured, with a database of its own on the common cluster.</summary>
internal abstract class Target(string name, PrivatePostgres postgres, LoadOptions options) : IAsyncDisposable
{
    private const int SqlTimeoutSeconds = 600;

    public string Name => name;

    protected LoadOptions Options => options;

    public NpgsqlConnectionStringBuilder Database { get; } = postgres.ConnectionString(name);

    /// <summary>Whether it does that at all.</summary>
    public virtual bool Does(Workload workload) => true;

    /// <summary>Orders that the target says it has stored, in warm-ups, too.</summary>
    public long AcknowledgedCreates { get; private set; }

    /// <summary>Updates that the target says it has stored.</summary>
    public long AcknowledgedUpdates { get; private set; }

    /// <summary>Requests without an answer; each may or may not have stored something.</summary>
    public long Unknown { get; private set; }

    /// <summary>Makes the database, starts the target and stores the first orders.</summary>
    public async Task Start(DirectoryInfo directory)
    {
        await Execute(postgres.ConnectionString("postgres"), $"create database \"{name}\"");
        await StartCore(directory);
        AcknowledgedCreates += await Seed();
        // Only an order created 3 hours or more ago can be updated, so the first orders are made older, in all alike.
        if (BackdateSql is { } backdate) await Execute(Database, backdate);
        AcknowledgedCreates += await Grow();
        await Execute(Database, "vacuum analyze");
    }

    public async Task<Measurement> Measure(Workload workload, TimeSpan warmUp)
    {
        await Execute(Database, "checkpoint");
        var (server, database) = (ProcessorUse.OfProcess(ServerProcessId), postgres.ProcessorSeconds());
        var measurement = await MeasureCore(workload, warmUp);
        await Settle();
        measurement = measurement with
        {
            ServerMicroseconds = PerRequest(ProcessorUse.OfProcess(ServerProcessId) - server, measurement),
            DatabaseMicroseconds = PerRequest(postgres.ProcessorSeconds() - database, measurement),
        };
        if (workload is Workload.Create or Workload.Import) AcknowledgedCreates += measurement.Acknowledged;
        if (workload == Workload.Update) AcknowledgedUpdates += measurement.Acknowledged;
        Unknown += measurement.Unknown;
        return measurement;
    }

    /// <summary>Compares what was acknowledged with what is stored. A sentence for every difference.</summary>
    public async Task<IReadOnlyList<string>> Verify()
    {
        var differences = new List<string>();
        var rows = await Number("select count(*) from orders");
        var versions = await Number(SumOfVersionsSql);
        var created = rows - AcknowledgedCreates;
        var updated = versions - rows - AcknowledgedUpdates;
        if (created < 0 || updated < 0 || created + updated > Unknown)
        {
            differences.Add(string.Create(CultureInfo.InvariantCulture,
                $"{name}: {AcknowledgedCreates} creates and {AcknowledgedUpdates} updates were acknowledged "
                + $"({Unknown} more had no answer), {rows} orders and {versions - rows} updates are stored."));
        }
        await VerifyMore(differences, rows, versions);
        return differences;
    }

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>The server's process; null where the target has none.</summary>
    protected virtual int? ServerProcessId => null;

    protected virtual string SumOfVersionsSql => "select coalesce(sum(version), 0) from orders";

    /// <summary>Makes the first orders older; null: they are stored so.</summary>
    protected virtual string? BackdateSql => null;

    protected abstract Task StartCore(DirectoryInfo directory);

    /// <summary>Stores the first orders; how many.</summary>
    protected abstract Task<long> Seed();

    /// <summary>Puts as many orders behind the first ones as asked for, by SQL; how many.</summary>
    protected virtual Task<long> Grow() => Task.FromResult(0L);

    protected abstract Task<Measurement> MeasureCore(Workload workload, TimeSpan warmUp);

    /// <summary>Waits until work left over from a measurement is done: it must not slow down the next target.</summary>
    protected virtual Task Settle() => Task.CompletedTask;

    protected virtual Task VerifyMore(List<string> differences, long rows, long versions) => Task.CompletedTask;

    /// <summary>Tells libpq and those who follow it where the target's database is.</summary>
    protected void SetLibpqEnvironment(ProcessStartInfo start) => PostgresTools.SetEnvironment(start, Database);

    // Warm-up requests are acknowledged as well, so both sides have them.
    private static double? PerRequest(double? seconds, Measurement measurement) =>
        measurement.Acknowledged > 0 ? seconds * 1_000_000 / measurement.Acknowledged : null;

    protected async Task<long> Number(string sql)
    {
        await using var connection = new NpgsqlConnection(Database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = SqlTimeoutSeconds };
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    protected static async Task Execute(
        NpgsqlConnectionStringBuilder database, string sql, params NpgsqlParameter[] parameters)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = SqlTimeoutSeconds };
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync();
    }
}
