using Microsoft.AspNetCore.Connections;
using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Database;
using Orderly.Server.Http;
using Orderly.Server.Observability;
using Orderly.Server.Orders;
using Orderly.Server.Services;

namespace Orderly.Server.Transfer;

/// <summary>
/// Imports orders as they arrive, a piece at a time: all of them or none (<c>atomic</c>), or each that can be stored
/// (<c>each</c>).
/// </summary>
internal sealed class ImportOrders(
    ImportDecision decision, ServiceCatalog catalog, ImportStore store, StatisticsRefresh statistics)
{
    /// <summary>Each time a service record changed meanwhile.</summary>
    private const int AttemptsMax = 50;

    /// <summary>Imports all that the reader has. Whatever keeps it from the end is told with what is stored.</summary>
    public async Task<Result<ImportTally>> RunAsync(
        ImportReader reader, Caller caller, bool isEach, bool isDryRun, CancellationToken stop)
    {
        var tally = new ImportTally();
        var progress = new ImportProgress(tally);
        try
        {
            var problem = isEach && !isDryRun
                ? await RunEachAsync(reader, caller, tally, progress, stop)
                : await RunWholeAsync(reader, caller, isDryRun, tally, progress, stop);
            return problem is null ? tally : progress.TellWith(problem, isUncertain: false);
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or ConnectionResetException))
        {
            var isUncertain = exception is UncertainWriteException;
            throw new BrokenOffException(problem => progress.TellWith(problem, isUncertain), exception);
        }
        finally
        {
            statistics.Follow(progress.Stored);
            Meters.ImportedRows.Add(tally.Received, Meters.Label("outcome", "received"));
            Meters.ImportedRows.Add(progress.Stored, Meters.Label("outcome", "created"));
            Meters.ImportedRows.Add(tally.Refused, Meters.Label("outcome", "refused"));
        }
    }

    /// <summary>Every row by itself: a piece is stored before the next is read, and stays.</summary>
    private async Task<Problem?> RunEachAsync(
        ImportReader reader, Caller caller, ImportTally tally, ImportProgress progress, CancellationToken stop)
    {
        await foreach (var piece in ImportPieces.ReadAsync(reader, static next => next, stop))
        {
            using (piece)
            {
                progress.Begin(piece.Rows);
                if (await StorePieceAsync(piece.Rows, caller, tally, progress) is { } problem)
                {
                    return problem;
                }

                progress.End();
            }
        }

        return null;
    }

    /// <summary>All rows or none; a dry run only tells what would be refused.</summary>
    private async Task<Problem?> RunWholeAsync(
        ImportReader reader, Caller caller, bool isDryRun, ImportTally tally, ImportProgress progress,
        CancellationToken stop)
    {
        var records = new UsedRecords(catalog);
        await using var whole = await store.BeginWholeAsync(caller.Team, stop);
        await foreach (var piece in ImportPieces.ReadAsync(reader, whole.WaitAsync, stop))
        {
            using (piece)
            {
                progress.Begin(piece.Rows);
                var (view, writes) = await decision.RunAsync(piece.Rows, caller, tally);
                await RefuseDuplicatesAsync(whole, writes, tally);
                tally.Created += writes.Count;
                if (!isDryRun && tally.Refused == 0)
                {
                    if (records.Add(writes, view) is { } changed)
                    {
                        return RecordChanged(changed);
                    }

                    await whole.StoreAsync(writes);
                }
            }
        }

        if (isDryRun || tally.Refused > 0)
        {
            return null;
        }

        if (await records.FindChangedAsync() is { } changedSince)
        {
            return RecordChanged(changedSince);
        }

        foreach (var (row, reference) in await whole.ClaimAsync())
        {
            tally.RefuseDuplicate(row, reference, before: null);
        }

        if (tally.Refused == 0)
        {
            await whole.CommitAsync();
            progress.Stored = tally.Created;
        }

        return null;
    }

    private static async Task RefuseDuplicatesAsync(
        WholeImportStore whole, List<ImportWrite> writes, ImportTally tally)
    {
        var duplicates = await whole.FindDuplicatesAsync(writes);
        foreach (var write in writes.Where(write => duplicates.ContainsKey(write.Write.OrderId)))
        {
            tally.RefuseDuplicate(write.Row.Number, write.Reference!, duplicates[write.Write.OrderId]);
        }

        writes.RemoveAll(write => duplicates.ContainsKey(write.Write.OrderId));
    }

    /// <summary>What was not stored has a reference that is taken, or was decided by old service records.</summary>
    private async Task<Problem?> StorePieceAsync(
        IReadOnlyList<ImportRow> rows, Caller caller, ImportTally tally, ImportProgress progress)
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
            progress.Stored += stored.Count;
            var open = writes.Where(write => !stored.Contains(write.Write.WriteId)).ToList();
            var taken = open.Count == 0 ? [] : await store.FindTakenAsync(
                caller.Team, [.. open.Select(write => write.Reference).OfType<string>()]);
            foreach (var write in open.Where(IsTaken))
            {
                tally.RefuseDuplicate(write.Row.Number, write.Reference!, before: null);
            }

            rows = [.. open.Where(write => !IsTaken(write)).Select(write => write.Row)];
            if (rows.Count == 0)
            {
                return null;
            }

            bool IsTaken(ImportWrite write) => write.Reference is { } reference && taken.Contains(reference);
        }

        return new Problem(ProblemCode.Overloaded, "The service records changed too often meanwhile.");
    }

    private static Problem RecordChanged(string id) => new(ProblemCode.Overloaded,
        $"The service record {Suggestion.Quote(id)} changed while the import ran, after rows had been decided by it; "
        + "send it again.");
}
