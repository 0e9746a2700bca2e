using Orderly.Server.Access;
using Orderly.Server.Changes;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>An order as a write left it.</summary>
/// <param name="IsStored">Whether the write was stored; false where it changed nothing, or was only tried.</param>
internal sealed record WrittenOrder(StoredOrder Order, bool IsStored)
{
    /// <summary>Whether it is the answer that an earlier request with the same key got.</summary>
    public bool IsReplay { get; init; }
}

/// <summary>Does a write on an order once. The log has the order as the first answer showed it.</summary>
internal sealed class IdempotentWrite(IdempotentRequests requests, OrderStore orders, RevisionStore revisions)
{
    public Task<Result<WrittenOrder>> RunAsync(
        IdempotencyClaim claim, Caller caller, Func<IdempotencyClaim?, Task<Result<WrittenOrder>>> write) =>
        requests.RunAsync(claim, new IdempotentSteps<WrittenOrder>(
            write,
            written => written.IsStored ? null : new KeyUse(written.Order.Id, written.Order.Version, Answer: null),
            use => ReplayAsync(use, caller)));

    private async Task<Result<WrittenOrder>> ReplayAsync(KeyUse use, Caller caller)
    {
        if (await orders.FindAsync(use.OrderId) is not { } order
            || await revisions.FindAsync(use.OrderId, use.Version) is not { } revision)
        {
            throw new InvalidOperationException($"The log lacks version {use.Version} of {use.OrderId}.");
        }

        if (revision.Personal.IsUnreadable)
        {
            return OrderStore.Unreadable(use.OrderId);
        }

        // The key may have reached farther then than it does now.
        return caller.Sees(order.Team)
            ? new WrittenOrder(revision.On(order), IsStored: false) { IsReplay = true }
            : OrderStore.NotFound(use.OrderId);
    }
}
