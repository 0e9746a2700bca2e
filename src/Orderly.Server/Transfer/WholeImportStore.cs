using Npgsql;
using NpgsqlTypes;
using Orderly.Server.Changes;
using Orderly.Server.Database;
using Orderly.Server.Orders;

namespace Orderly.Server.Transfer;

/// <summary>
/// An import in one transaction. References are gathered in a table of its own and claimed only at the end: who claims
/// one makes all others wait who want the same, and the import may take long.
/// <code>
///   piece ──► references gathered ──► duplicates told ──► orders, pending, revisions    (nobody waits)
///                                            │ any refused row: no more is stored
///   end   ──► references claimed ──► commit ◄┘ or nothing
/// </code>
/// </summary>
internal sealed class WholeImportStore : IAsyncDisposable
{
    /// <summary>Where this process stands still, PostgreSQL gives the import up.</summary>
    private const string SetUp = "select set_config('idle_in_transaction_session_timeout', '120s', true)";

    private const int SignOfLifeSeconds = 30;

    private const string CreateGathered =
        """
        create temp table gathered_references (
            reference text not null,
            row_number bigint not null,
            order_id uuid not null,
            constraint gathered_references_pkey primary key (reference)
        )
        """;

    /// <summary>The first row that has a reference gets it.</summary>
    private const string Gather =
        """
        insert into gathered_references (reference, row_number, order_id)
        select w.reference, w.row_number, w.order_id
        from unnest($1, $2, $3) as w (reference, row_number, order_id)
        on conflict on constraint gathered_references_pkey do nothing
        """;

    /// <summary>With the row before that has the reference, where no order has it.</summary>
    private const string SelectDuplicates =
        """
        select d.order_id, case when d.holder is null then d.row_before end
        from (
            select w.order_id,
                (select g.row_number from gathered_references g
                 where g.reference = w.reference and g.order_id <> w.order_id) as row_before,
                (select r.order_id from order_references r
                 where r.team = $4 and r.reference = w.reference) as holder
            from unnest($1, $2, $3) as w (reference, row_number, order_id)) d
        where d.row_before is not null or d.holder is not null
        """;

    private const string Claim =
        """
        insert into order_references (team, reference, order_id)
        select $1, g.reference, g.order_id
        from gathered_references g
        order by g.reference
        on conflict on constraint order_references_pkey do nothing
        """;

    /// <summary>What somebody else claimed while the import ran.</summary>
    private const string SelectUnclaimed =
        """
        select g.row_number, g.reference
        from gathered_references g
        where (select r.order_id from order_references r where r.team = $1 and r.reference = g.reference)
            is distinct from g.order_id
        order by g.row_number
        """;

    private const string SayAlive = "select 1";

    private const string DropGathered = "drop table gathered_references";

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly string _team;
    private readonly FeedSequencer _feed;
    private readonly OrderVault _vault;
    private readonly TimeSpan _signOfLifeEvery;

    private WholeImportStore(
        NpgsqlConnection connection, NpgsqlTransaction transaction, string team, FeedSequencer feed, OrderVault vault,
        TimeSpan stall)
    {
        var most = TimeSpan.FromSeconds(SignOfLifeSeconds);
        _signOfLifeEvery = stall < most ? stall : most;
        _vault = vault;
        _connection = connection;
        _transaction = transaction;
        _team = team;
        _feed = feed;
    }

    public static async Task<WholeImportStore> BeginAsync(
        NpgsqlDataSource source, string team, FeedSequencer feed, OrderVault vault, TimeSpan stall,
        CancellationToken stop)
    {
        NpgsqlTransaction? transaction = null;
        var connection = await source.BeginAsync(
            async connection =>
            {
                transaction = await connection.BeginTransactionAsync(stop);
                await using var batch = new NpgsqlBatch(connection) { Timeout = FirstUse.TimeoutSeconds };
                batch.BatchCommands.Add(new NpgsqlBatchCommand(SetUp));
                batch.BatchCommands.Add(new NpgsqlBatchCommand(CreateGathered));
                await batch.ExecuteNonQueryAsync(stop);
            },
            stop);
        return new WholeImportStore(connection, transaction!, team, feed, vault, stall);
    }

    /// <summary>
    /// Waits, and says meanwhile that this process lives: rows may arrive slowly. What is waited for is not looked at.
    /// </summary>
    public async Task WaitAsync(Task next)
    {
        while (!next.IsCompleted)
        {
            await next.WaitAsync(_signOfLifeEvery).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!next.IsCompleted)
            {
                await ExecuteAsync(SayAlive);
            }
        }
    }

    /// <summary>
    /// The orders of those rows whose reference is taken: by the row before that is told, or else by an order.
    /// </summary>
    public async Task<Dictionary<Guid, long?>> FindDuplicatesAsync(IReadOnlyList<ImportWrite> writes)
    {
        var claiming = writes.Where(write => write.Reference is not null).ToArray();
        if (claiming.Length == 0)
        {
            return [];
        }

        await ExecuteAsync(Gather, ColumnsOf(claiming));
        await using var command = new NpgsqlCommand(SelectDuplicates, _connection);
        command.Parameters.AddRange(ColumnsOf(claiming));
        command.Parameters.Add(Parameters.Of(_team));
        await using var reader = await command.ExecuteReaderAsync();
        var duplicates = new Dictionary<Guid, long?>();
        while (await reader.ReadAsync())
        {
            duplicates.Add(reader.GetGuid(0), reader.IsDBNull(1) ? null : reader.GetInt64(1));
        }

        return duplicates;
    }

    /// <summary>Whether the service records are still as they were is asked once, at the end.</summary>
    public async Task StoreAsync(IReadOnlyList<ImportWrite> writes)
    {
        var group = await _vault.SealAsync(writes.Select(write => write.Write with { CatalogEpoch = null }));
        await ImportCopyStore.StoreAsync(_connection, group);
    }

    /// <summary>Claims the references: the rows whose reference somebody else has by now.</summary>
    public async Task<List<(long Row, string Reference)>> ClaimAsync()
    {
        await ExecuteAsync(Claim, Parameters.Of(_team));
        await using var command = new NpgsqlCommand(SelectUnclaimed, _connection);
        command.Parameters.Add(Parameters.Of(_team));
        await using var reader = await command.ExecuteReaderAsync();
        var unclaimed = new List<(long, string)>();
        while (await reader.ReadAsync())
        {
            unclaimed.Add((reader.GetInt64(0), reader.GetString(1)));
        }

        return unclaimed;
    }

    /// <exception cref="UncertainWriteException">The database was lost before it answered.</exception>
    public async Task CommitAsync()
    {
        await ExecuteAsync(DropGathered);
        try
        {
            await _transaction.CommitAsync();
        }
        catch (Exception exception) when (
            DatabaseFailure.IsLost(exception) && !DatabaseFailure.IsWithoutEffect(exception))
        {
            throw new UncertainWriteException(exception);
        }

        _feed.Wake();
    }

    /// <summary>What was not committed is undone.</summary>
    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private static NpgsqlParameter[] ColumnsOf(ImportWrite[] writes) =>
    [
        Parameters.Column(writes, NpgsqlDbType.Text, write => write.Reference!),
        Parameters.Column(writes, NpgsqlDbType.Bigint, write => write.Row.Number),
        Parameters.Column(writes, NpgsqlDbType.Uuid, write => write.Write.OrderId),
    ];

    private async Task ExecuteAsync(string sql, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync();
    }
}
