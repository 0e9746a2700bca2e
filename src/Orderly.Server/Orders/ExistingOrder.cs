using Orderly.Contract.Problems;
using Orderly.Server.Configuration;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>The order that a write is about: it must be there, and be the version that the caller knows.</summary>
internal static class ExistingOrder
{
    public static async Task<Result<StoredOrder>> FindAsync(
        OrderStore orders, Guid id, Precondition precondition, OrderSettings settings)
    {
        if (await orders.FindAsync(id) is not { DeletedAt: null } order)
        {
            return NotFound(id);
        }

        if (settings.RequireIfMatch && !precondition.IsGiven)
        {
            return new Problem(ProblemCode.PreconditionRequired,
                $"Send If-Match: {Precondition.Tag(order.Version)} if the order as it stands now is what you mean.");
        }

        if (!precondition.Holds(order.Version))
        {
            return new Problem(ProblemCode.StaleVersion,
                $"The order is at version {order.Version} now. Read it again and apply your change to that.")
            {
                Members = [new("version", order.Version)],
                Headers = [new("ETag", Precondition.Tag(order.Version))],
            };
        }

        return order;
    }

    public static Problem NotFound(Guid id) => new(ProblemCode.OrderNotFound, $"There is no order {id:D}.");
}
