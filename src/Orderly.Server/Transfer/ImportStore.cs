using Npgsql;
using NpgsqlTypes;
using Orderly.Server.Changes;
using Orderly.Server.Database;
using Orderly.Server.Orders;

namespace Orderly.Server.Transfer;

/// <summary>A row of an import that was decided, and can be stored.</summary>
internal sealed record ImportWrite(ImportRow Row, OrderWrite Write)
{
    public string? Reference => Write.ClaimedReference;
}

/// <summary>
/// Stores the rows of an import piece by piece, with the statements that every other write uses, so that history,
/// feed and hashes are the same.
/// </summary>
internal sealed class ImportStore(ImportDataSource database, FeedSequencer feed, OrderVault vault)
{
    private const int AttemptsMax = 4;
    private const int PieceSeconds = 60;

    private const string SelectTaken =
        "select r.reference from order_references r where r.team = $1 and r.reference = any ($2)";

    /// <summary>Plans of lists are chosen by value, so they should know of many new orders soon.</summary>
    private const string Analyze = "analyze orders, order_references, revisions";

    /// <summary>
    /// Stores a piece in a transaction of its own. The ids of the writes that were stored; a deadlock or a lost
    /// connection is tried again, which is safe: what is stored already is found by its write id.
    /// </summary>
    public async Task<HashSet<Guid>> StoreAsync(IReadOnlyList<ImportWrite> writes)
    {
        var group = await vault.SealAsync(writes.Select(write => write.Write));
        var began = new List<int>();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var receipts = await OrderWriteStore.StoreAsync(database.Writes, group, began, PieceSeconds);
                feed.Wake();
                return [.. receipts.Keys];
            }
            catch (Exception exception) when (attempt < AttemptsMax && DatabaseFailure.IsTransient(exception))
            {
                continue;
            }
        }
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

    /// <summary>Begins an import of which all rows are stored, or none.</summary>
    public Task<WholeImportStore> BeginWholeAsync(string team) =>
        WholeImportStore.BeginAsync(database.Writes.Source, team, feed, vault);
}
