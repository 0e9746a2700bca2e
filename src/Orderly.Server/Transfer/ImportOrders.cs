using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Http;
using Orderly.Server.Orders;

namespace Orderly.Server.Transfer;

/// <summary>
/// Imports orders as they arrive, a piece at a time: all of them or none (<c>atomic</c>), or each that can be stored
/// (<c>each</c>).
/// </summary>
internal sealed class ImportOrders(ImportDecision decision, ImportStore store, StatisticsRefresh statistics)
{
    /// <summary>Each time a service record changed meanwhile.</summary>
    private const int AttemptsMax = 50;

    /// <summary>Every row by itself: a piece is stored before the next is read, and stays.</summary>
    public async Task<Result<ImportTally>> RunEachAsync(ImportReader reader, Caller caller, CancellationToken stop)
    {
        var tally = new ImportTally();
        await foreach (var piece in ImportPieces.ReadAsync(reader, stop))
        {
            using (piece)
            {
                tally.Received += piece.Rows.Count;
                if (await StorePieceAsync(piece.Rows, caller, tally) is { } problem)
                {
                    return problem;
                }
            }
        }

        statistics.Follow(tally.Created);
        return tally;
    }

    /// <summary>All rows or none; a dry run only tells what would be refused.</summary>
    public async Task<Result<ImportTally>> RunWholeAsync(
        ImportReader reader, Caller caller, bool isDryRun, CancellationToken stop)
    {
        var tally = new ImportTally();
        long? firstEpoch = null;
        await using (var whole = await store.BeginWholeAsync(caller.Team))
        {
            await foreach (var piece in ImportPieces.ReadAsync(reader, stop))
            {
                using (piece)
                {
                    tally.Received += piece.Rows.Count;
                    var (epoch, writes) = await decision.RunAsync(piece.Rows, caller, tally);
                    firstEpoch ??= epoch;
                    await RefuseDuplicatesAsync(whole, writes, tally);
                    tally.Created += writes.Count;
                    if (!isDryRun && tally.Refused == 0 && (epoch != firstEpoch || !await whole.StoreAsync(writes)))
                    {
                        return RecordsChanged();
                    }
                }
            }

            if (isDryRun || tally.Refused > 0)
            {
                return tally;
            }

            if (firstEpoch is { } decided && !await whole.IsEpochAsync(decided))
            {
                return RecordsChanged();
            }

            foreach (var (row, reference) in await whole.ClaimAsync())
            {
                tally.RefuseDuplicate(row, reference);
            }

            if (tally.Refused > 0)
            {
                return tally;
            }

            await whole.CommitAsync();
        }

        statistics.Follow(tally.Created);
        return tally;
    }

    private static async Task RefuseDuplicatesAsync(
        WholeImportStore whole, List<ImportWrite> writes, ImportTally tally)
    {
        var duplicates = await whole.FindDuplicatesAsync(writes);
        foreach (var write in writes.Where(write => duplicates.Contains(write.Write.OrderId)))
        {
            tally.RefuseDuplicate(write.Row.Number, write.Reference!);
        }

        writes.RemoveAll(write => duplicates.Contains(write.Write.OrderId));
    }

    /// <summary>What was not stored has a reference that is taken, or was decided by old service records.</summary>
    private async Task<Problem?> StorePieceAsync(IReadOnlyList<ImportRow> rows, Caller caller, ImportTally tally)
    {
        for (var attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            var (_, writes) = await decision.RunAsync(rows, caller, tally);
            if (writes.Count == 0)
            {
                return null;
            }

            var stored = await store.StoreAsync(writes);
            tally.Created += stored.Count;
            var open = writes.Where(write => !stored.Contains(write.Write.WriteId)).ToList();
            var taken = open.Count == 0 ? [] : await store.FindTakenAsync(
                caller.Team, [.. open.Select(write => write.Reference).OfType<string>()]);
            foreach (var write in open.Where(IsTaken))
            {
                tally.RefuseDuplicate(write.Row.Number, write.Reference!);
            }

            rows = [.. open.Where(write => !IsTaken(write)).Select(write => write.Row)];
            if (rows.Count == 0)
            {
                return null;
            }

            bool IsTaken(ImportWrite write) => write.Reference is { } reference && taken.Contains(reference);
        }

        return new Problem(ProblemCode.Overloaded,
            $"The service records changed too often meanwhile. {tally.Created} orders were stored; send it again.");
    }

    private static Problem RecordsChanged() => new(ProblemCode.Overloaded,
        "The service records changed while the import ran, so that its first rows may not be right any more. "
        + "Nothing was stored; send it again.");
}
