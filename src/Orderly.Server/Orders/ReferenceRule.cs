using Orderly.Contract.Problems;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>A reference is unique among the live orders of a team.</summary>
internal static class ReferenceRule
{
    /// <summary>Why a write was not stored, where the reason is that another order has its reference.</summary>
    public static async Task<Problem?> FindTakenAsync(OrderStore orders, OrderWrite write)
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
