using Orderly.Contract.Problems;
using Orderly.Server.Changes;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>Finds out why a write's condition did not hold, where deciding again would not help.</summary>
internal sealed class WriteConflict(OrderStore orders, IdempotencyStore keys)
{
    /// <summary>The reason, or null where the order or the catalog was changed and can be looked at again.</summary>
    public async Task<Problem?> ExplainAsync(OrderWrite write)
    {
        if (write.Claim is { } claim && await keys.FindAsync(claim) is not null)
        {
            return IdempotentRequests.InFlight();
        }

        return await FindTakenReferenceAsync(write);
    }

    /// <summary>A reference is unique among the live orders of a team.</summary>
    public async Task<Problem?> FindTakenReferenceAsync(OrderWrite write)
    {
        if (write.ClaimedReference is not { } reference
            || await orders.FindReferenceHolderAsync(write.Team, reference) is not { } holder
            || holder == write.OrderId)
        {
            return null;
        }

        return new Problem(ProblemCode.ReferenceTaken,
            $"The order {holder:D} of your team has the reference {Suggestion.Quote(reference)} already.")
        {
            Members = [new("orderId", holder)],
        };
    }
}
