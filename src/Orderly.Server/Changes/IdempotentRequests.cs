using System.Collections.Concurrent;
using Orderly.Contract.Problems;
using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Changes;

/// <summary>How a kind of write is done once.</summary>
/// <param name="Write">
/// Does the write, using the key up in the write's own transaction where something is stored.
/// </param>
/// <param name="Unused">
/// What the key shall stand for where the write stored nothing, and so did not use it up; null where it did.
/// </param>
/// <param name="Replay">The first answer again, or why it is not for this caller any more.</param>
internal sealed record IdempotentSteps<T>(
    Func<IdempotencyClaim?, Task<Result<T>>> Write, Func<T, KeyUse?> Unused, Func<KeyUse, Task<Result<T>>> Replay)
    where T : class;

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
/// A dry run uses no key up, so it needs none to itself; but one that belongs to another request refuses it.
/// </summary>
internal sealed class IdempotentRequests(IdempotencyStore keys, Ids ids)
{
    private const int RetryAfterSeconds = 1;

    private readonly ConcurrentDictionary<(string Caller, string Key), bool> _inFlight = new();

    public async Task<Result<T>> RunAsync<T>(IdempotencyClaim claim, IdempotentSteps<T> steps)
        where T : class
    {
        if (claim == IdempotencyClaim.None)
        {
            return await steps.Write(null);
        }

        if (claim.IsDryRun)
        {
            return await RefuseDryRunAsync(claim) is { } refusal ? refusal : await steps.Write(null);
        }

        if (!_inFlight.TryAdd((claim.Caller, claim.Key), true))
        {
            return InFlight();
        }

        try
        {
            return await RunOnceAsync(claim, steps);
        }
        finally
        {
            _inFlight.TryRemove((claim.Caller, claim.Key), out _);
        }
    }

    /// <summary>What a write says that met its own key while it ran; the key is then looked up.</summary>
    public static Problem InFlight() => new(ProblemCode.IdempotencyInFlight,
        $"The first request with this {IdempotencyClaim.Header} is still running.")
    {
        RetryAfterSeconds = RetryAfterSeconds,
    };

    /// <summary>Whoever used the key did another request: the query of a dry run says that it is one.</summary>
    private async Task<Problem?> RefuseDryRunAsync(IdempotencyClaim claim)
    {
        if (_inFlight.ContainsKey((claim.Caller, claim.Key)))
        {
            return InFlight();
        }

        return await keys.FindAsync(claim) is null ? null : Mismatch(claim);
    }

    private async Task<Result<T>> RunOnceAsync<T>(IdempotencyClaim claim, IdempotentSteps<T> steps)
        where T : class
    {
        var isRefused = (await steps.Write(claim)).IsRefused(out var problem, out var written);
        var unused = isRefused ? null : steps.Unused(written!);
        if (!isRefused && unused is null)
        {
            return written!;
        }

        if (await keys.FindAsync(claim) is { } record)
        {
            return record.IsOf(claim)
                ? await steps.Replay(record.Use)
                : Mismatch(claim);
        }

        if (isRefused)
        {
            return problem!;
        }

        return await keys.RecordAsync(claim, ids.Next(), unused!) ? written! : InFlight();
    }

    /// <summary>What a request is told whose key belongs to another one.</summary>
    public static Problem Mismatch(IdempotencyClaim claim) => new(ProblemCode.IdempotencyMismatch,
        $"{IdempotencyClaim.Header} {Suggestion.Quote(claim.Key)} was used for a request with another method, "
        + "address or body. Use a new key.");
}
