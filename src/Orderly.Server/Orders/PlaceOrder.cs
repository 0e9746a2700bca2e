using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Configuration;
using Orderly.Server.Database;
using Orderly.Server.Http;
using Orderly.Server.Services;

namespace Orderly.Server.Orders;

/// <summary>Places a new order.</summary>
internal sealed class PlaceOrder(
    OrderStore orders, OrderWriter writer, ServiceCatalog catalog, OrderSettings settings, Ids ids)
{
    /// <summary>
    /// Each time a service record changed meanwhile, which a price list put in at once does in a row.
    /// </summary>
    private const int AttemptsMax = 50;

    /// <param name="createdAt">For orders that come from elsewhere: when they were created there.</param>
    public async Task<Result<StoredOrder>> RunAsync(OrderInput input, Caller caller, DateTime? createdAt = null)
    {
        if (input.Faults.ToUnreadableProblem() is { } unreadable)
        {
            return unreadable;
        }

        var serviceIds = input.ServiceIds;
        var fresh = false;
        for (var attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            var view = await catalog.ViewAsync(serviceIds, fresh);
            fresh = true;
            if (Order.Place(input, view, settings.DefaultCurrency).IsRefused(out var problem, out var content))
            {
                if (view.IsFresh)
                {
                    return problem;
                }

                continue;
            }

            var write = Write(content, view.Epoch, caller) with { CreatedAt = createdAt };
            if ((await writer.StoreAsync(write)).Receipt is { } receipt)
            {
                return write.ToStored(before: null, receipt);
            }

            if (await ReferenceRule.FindTakenAsync(orders, write) is { } taken)
            {
                return taken;
            }
        }

        return new Problem(ProblemCode.Overloaded, "The service records changed too often meanwhile; try again.");
    }

    private OrderWrite Write(OrderContent content, long epoch, Caller caller) => new()
    {
        Kind = ChangeKind.Placed,
        OrderId = ids.Next(),
        WriteId = ids.Next(),
        BaseVersion = 0,
        Team = caller.Team,
        Status = OrderStatus.Placed,
        Content = content,
        ContentJson = OrderDocument.WriteContent(content),
        PersonalJson = OrderDocument.WritePersonal(content),
        Actor = caller.KeyId,
        CatalogEpoch = epoch,
        ClaimedReference = content.Reference,
    };
}
