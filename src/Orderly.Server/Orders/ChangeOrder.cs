using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Changes;
using Orderly.Server.Configuration;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>Which order a write is about, and on what terms.</summary>
/// <param name="Caller">Who wants the write; an order that it does not reach is not there.</param>
/// <param name="Precondition">The versions that the write may be based on.</param>
internal sealed record ChangeTarget(Guid Id, Caller Caller, Precondition Precondition, WriteTerms Terms)
{
    /// <summary>Whether the write is also about an order whose personal data can't be read.</summary>
    public bool IsAboutUnreadable { get; init; }

    public ChangeTarget With(IdempotencyClaim? claim) => this with { Terms = Terms with { Claim = claim } };
}

/// <summary>
/// What every write on an existing order has in common: reads it, has it decided, and writes only if it is still the
/// version that was decided on. When another write came between, it starts again from what is there now, unless the
/// caller named a version.
/// <code>
///   read ──► there? precondition? ──► decide ──► same as it is? ──► store ──► the order as it now stands
///     ▲        404     412 428        409 422         200             │
///     └──────────────────── condition did not hold ◄──────────────────┘
/// </code>
/// </summary>
internal sealed class ChangeOrder(
    OrderStore orders, RevisionStore revisions, OrderWriter writer, WriteConflict conflict, OrderSettings settings)
{
    /// <summary>
    /// Of those who write at once one gets through each time, so this is how many may at the least.
    /// </summary>
    private const int AttemptsMax = 200;

    /// <param name="onDeleted">Whether the write is about deleted orders, too (restoring them).</param>
    /// <param name="decide">
    /// The write, or why there can be none. It is told whether it decides for the first time or after something
    /// that it relied on had changed.
    /// </param>
    public async Task<Result<WrittenOrder>> RunAsync(
        ChangeTarget target, bool onDeleted, Func<StoredOrder, bool, ValueTask<Result<OrderWrite>>> decide)
    {
        for (var attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            if ((await FindAsync(target, onDeleted)).IsRefused(out var absent, out var current))
            {
                return absent;
            }

            if ((await decide(current, attempt > 1)).IsRefused(out var problem, out var decided))
            {
                return problem;
            }

            if (decided.ChangesNothing(current))
            {
                return new WrittenOrder(current, IsStored: false);
            }

            var write = decided with { Claim = target.Terms.Claim };
            if (target.Terms.IsDryRun)
            {
                return await conflict.FindTakenReferenceAsync(write) is { } wouldBeTaken
                    ? wouldBeTaken
                    : new WrittenOrder(write.ToStored(current, DryReceipt(current)), IsStored: false);
            }

            if ((await writer.StoreAsync(write)).Receipt is { } receipt)
            {
                return new WrittenOrder(write.ToStored(current, receipt), IsStored: true);
            }

            if (await conflict.ExplainAsync(write) is { } reason)
            {
                return reason;
            }
        }

        return new Problem(ProblemCode.Overloaded, "The order changed too often meanwhile; try again.");
    }

    private async Task<Result<StoredOrder>> FindAsync(ChangeTarget target, bool onDeleted)
    {
        if (await orders.FindAsync(target.Id, target.Caller) is not { } order
            || (order.DeletedAt is not null && !onDeleted))
        {
            return OrderStore.NotFound(target.Id);
        }

        if (order.Personal.IsUnreadable && !target.IsAboutUnreadable)
        {
            return OrderStore.Unreadable(order.Id);
        }

        if (settings.RequireIfMatch && !target.Precondition.IsGiven)
        {
            return new Problem(ProblemCode.PreconditionRequired,
                $"Send If-Match: {Precondition.Tag(order.Version)} if the order as it stands now is what you mean.");
        }

        return target.Precondition.Holds(order.Version)
            ? order
            : await StaleAsync(order, target.Precondition);
    }

    /// <summary>
    /// Says what has changed since the version that the caller knows, where it names one that there was.
    /// </summary>
    private async Task<Problem> StaleAsync(StoredOrder order, Precondition precondition)
    {
        return precondition.NewestUpTo(order.Version) is { } known
            && await revisions.FindAsync(order.Id, known) is { } then
                ? precondition.Refuse(
                    "order", order.Version, [new("changedFields", Revision.ChangedFields(then, order))])
                : precondition.Refuse("order", order.Version);
    }

    /// <summary>What the database would have added.</summary>
    private static WriteReceipt DryReceipt(StoredOrder current) => new(
        current.Number, current.Version + 1, current.CreatedAt, current.ReadAt);
}
