using Npgsql;
using NpgsqlTypes;
using Orderly.Server.Changes;
using Orderly.Server.Configuration;
using Orderly.Server.Database;
using Orderly.Server.Orders;

namespace Orderly.Server.Transfer;

/// <summary>A row of an import that was decided, and can be stored.</summary>
internal sealed record ImportWrite(ImportRow Row, OrderWrite Write)
{
    public string? Reference => Write.ClaimedReference;
}

/// <summary>
/// Stores the rows of an import piece by piece, each in a transaction of its own.
/// </summary>
internal sealed class ImportStore(
    ImportDataSource database, FeedSequencer feed, OrderVault vault, EdgeSettings settings, TimeProvider time)
{
    private const int AttemptsMax = 4;
    private const int RetryDelayMilliseconds = 250;
    private const int PieceSeconds = 60;

    private const string SelectTaken =
        "select r.reference from order_references r where r.team = $1 and r.reference = any ($2)";

    /// <summary>Plans of lists are chosen by value, so they should know of many new orders soon.</summary>
    private const string Analyze = "analyze orders";

    /// <summary>How many orders these know of; -1 where there are none yet.</summary>
    private const string SelectKnown = "select c.reltuples::bigint from pg_class c where c.oid = 'orders'::regclass";

    /// <summary>The orders that have the references of their rows now, and not another order.</summary>
    private const string Claim =
        $"""
        {OrderWriteStore.ClaimReferences}
        returning order_id
        """;

    /// <summary>
    /// Stores a piece in a transaction of its own. The ids of the writes that were stored; a deadlock or a lost
    /// connection is tried again, which is safe: what is stored already is found by its write id.
    /// </summary>
    /// <exception cref="UncertainWriteException">The database was lost before it answered.</exception>
    public async Task<HashSet<Guid>> StoreAsync(IReadOnlyList<ImportWrite> writes)
    {
        var group = await vault.SealAsync(writes.Select(write => write.Write));
        var before = new Attempts();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var stored = await StoreAsync(group, before);
                feed.Wake();
                return stored;
            }
            catch (Exception exception) when (attempt < AttemptsMax && DatabaseFailure.IsTransient(exception))
            {
                if (!DatabaseFailure.IsLost(exception))
                {
                    before.Backends.Clear(); // the last has answered, and its connection may be another import's now
                }

                await Task.Delay(TimeSpan.FromMilliseconds(RetryDelayMilliseconds * attempt), time);
            }
            catch (Exception exception) when (before.MayHaveStored)
            {
                throw new UncertainWriteException(exception);
            }
        }
    }

    /// <summary>
    /// A repeated attempt first ends those before it. Where one of them had stored the piece, it stored all that it
    /// could, since it was one transaction.
    /// </summary>
    private async Task<HashSet<Guid>> StoreAsync(OrderWrite[] group, Attempts before)
    {
        await using var connection = await database.Writes.Source.OpenConnectionAsync();
        if (before.Backends.Count > 0)
        {
            await OrderWriteStore.EndAsync(connection, before.Backends, PieceSeconds);
            if (await OrderWriteStore.FindStoredAsync(connection, group) is { Count: > 0 } receipts)
            {
                return [.. receipts.Keys];
            }

            before.MayHaveStored = false;
        }

        before.Backends.Add(connection.ProcessID);
        await using var transaction = await connection.BeginTransactionAsync();
        var claimed = await ClaimAsync(connection, [.. group.Where(write => write.ClaimedReference is not null)]);
        OrderWrite[] storable =
            [.. group.Where(write => write.ClaimedReference is null || claimed.Contains(write.OrderId))];
        if (!await ImportCopyStore.StoreAsync(connection, storable))
        {
            return []; // what was claimed is undone
        }

        before.MayHaveStored = true;
        try
        {
            await transaction.CommitAsync();
        }
        catch (Exception exception) when (DatabaseFailure.IsRefusal(exception))
        {
            before.MayHaveStored = false;
            throw;
        }

        return [.. storable.Select(write => write.WriteId)];
    }

    private static async Task<HashSet<Guid>> ClaimAsync(NpgsqlConnection connection, OrderWrite[] claiming)
    {
        var claimed = new HashSet<Guid>();
        if (claiming.Length == 0)
        {
            return claimed;
        }

        await using var batch = new NpgsqlBatch(connection) { Timeout = PieceSeconds };
        batch.BatchCommands.Add(
            OrderWriteStore.ReferenceCommand(Claim, Array.ConvertAll(claiming, OrderWriteStore.Claimed)));
        await using var reader = await batch.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            claimed.Add(reader.GetGuid(0));
        }

        return claimed;
    }

    /// <summary>Which of these references an order of the team has.</summary>
    public async Task<HashSet<string>> FindTakenAsync(string team, IReadOnlyList<string> references)
    {
        await using var command = database.Writes.Source.CreateCommand(SelectTaken);
        command.Parameters.Add(Parameters.Of(team));
        command.Parameters.Add(Parameters.Column(references, NpgsqlDbType.Text, reference => reference));
        await using var reader = await command.ExecuteReaderAsync();
        var taken = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync())
        {
            taken.Add(reader.GetString(0));
        }

        return taken;
    }

    public async Task AnalyzeAsync(CancellationToken stop)
    {
        await using var command = database.Writes.Source.CreateCommand(Analyze);
        await command.ExecuteNonQueryAsync(stop);
    }

    /// <summary>How many orders the planner's statistics know of.</summary>
    public async Task<long> CountKnownAsync(CancellationToken stop)
    {
        await using var command = database.Writes.Source.CreateCommand(SelectKnown);
        return (long)(await command.ExecuteScalarAsync(stop))!;
    }

    /// <summary>Begins an import of which all rows are stored, or none.</summary>
    public Task<WholeImportStore> BeginWholeAsync(string team, CancellationToken stop) => WholeImportStore.BeginAsync(
        database.Writes.Source, team, feed, vault, TimeSpan.FromSeconds(settings.ImportStallSeconds), stop);

    /// <summary>What earlier attempts at a piece may have left behind.</summary>
    private sealed class Attempts
    {
        public List<int> Backends { get; } = [];

        /// <summary>Whether one of them was lost while it committed.</summary>
        public bool MayHaveStored { get; set; }
    }
}
