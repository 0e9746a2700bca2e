using System.Collections.Concurrent;
using Orderly.Contract.Problems;
using Orderly.Server.Changes;
using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>An order as a write left it.</summary>
/// <param name="IsStored">Whether the write was stored; false where it changed nothing, or was only tried.</param>
internal sealed record WrittenOrder(StoredOrder Order, bool IsStored);

/// <summary>The answer to a write.</summary>
/// <param name="IsReplay">Whether it is the answer that an earlier request with the same key got.</param>
internal sealed record WriteAnswer(StoredOrder Order, int Status, bool IsReplay);

/// <summary>
/// Does a request with an Idempotency-Key once. The key is claimed in the write's own transaction, so it is used up
/// exactly when the write is stored; looking it up is only needed when the write was not stored.
/// <code>
///   in flight here? ── yes ──► 409
///        │ no
///      write ── stored ──► its answer
///        │ refused, nothing to change, or the key was taken
///      look the key up ── same request ──► the first answer again
///        │ free           other request ─► 422
///      what the write said
/// </code>
/// </summary>
internal sealed class IdempotentWrite(
    IdempotencyStore keys, OrderStore orders, RevisionStore revisions, Ids ids)
{
    private const int RetryAfterSeconds = 1;

    private readonly ConcurrentDictionary<(string Caller, string Key), bool> _inFlight = new();

    public async Task<Result<WriteAnswer>> RunAsync(
        IdempotencyClaim claim, int status, Func<IdempotencyClaim?, Task<Result<WrittenOrder>>> write)
    {
        if (claim == IdempotencyClaim.None)
        {
            return (await write(null)).IsRefused(out var refused, out var written)
                ? refused
                : new WriteAnswer(written.Order, status, IsReplay: false);
        }

        if (!_inFlight.TryAdd((claim.Caller, claim.Key), true))
        {
            return InFlight();
        }

        try
        {
            return await RunOnceAsync(claim, status, write);
        }
        finally
        {
            _inFlight.TryRemove((claim.Caller, claim.Key), out _);
        }
    }

    private async Task<Result<WriteAnswer>> RunOnceAsync(
        IdempotencyClaim claim, int status, Func<IdempotencyClaim?, Task<Result<WrittenOrder>>> write)
    {
        var isRefused = (await write(claim)).IsRefused(out var problem, out var written);
        if (written is { IsStored: true })
        {
            return new WriteAnswer(written.Order, status, IsReplay: false);
        }

        if (await keys.FindAsync(claim) is { } record)
        {
            return await ReplayAsync(claim, record);
        }

        if (isRefused)
        {
            return problem!;
        }

        return await keys.RecordAsync(claim, ids.Next(), written!.Order.Id, written.Order.Version)
            ? new WriteAnswer(written.Order, status, IsReplay: false)
            : InFlight();
    }

    /// <summary>The log has the order as the first answer showed it.</summary>
    private async Task<Result<WriteAnswer>> ReplayAsync(IdempotencyClaim claim, IdempotencyRecord record)
    {
        if (!record.RequestDigest.AsSpan().SequenceEqual(claim.RequestDigest))
        {
            return new Problem(ProblemCode.IdempotencyMismatch,
                $"{IdempotencyClaim.Header} {Suggestion.Quote(claim.Key)} was used for a request with another method, "
                + "address or body. Use a new key.");
        }

        return await orders.FindAsync(record.OrderId) is { } order
            && await revisions.FindAsync(record.OrderId, record.Version) is { } revision
                ? new WriteAnswer(revision.On(order), record.AnswerStatus, IsReplay: true)
                : throw new InvalidOperationException($"The log lacks version {record.Version} of {record.OrderId}.");
    }

    private static Problem InFlight() => new(ProblemCode.IdempotencyInFlight,
        $"The first request with this {IdempotencyClaim.Header} is still running.")
    {
        RetryAfterSeconds = RetryAfterSeconds,
    };
}
