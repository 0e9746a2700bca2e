using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Configuration;
using Orderly.Server.Database;
using Orderly.Server.Http;
using Orderly.Server.Services;

namespace Orderly.Server.Orders;

/// <summary>
/// Replaces (PUT) or merges (PATCH) the content of an order: reads it, decides, and writes only if it is still the
/// version that was decided on. When another write came between, it starts again from what is there now, unless the
/// caller named a version.
/// </summary>
internal sealed class AmendOrder(
    OrderStore orders, OrderWriter writer, ServiceCatalog catalog, OrderSettings settings, Ids ids)
{
    /// <summary>
    /// Of those who write at once one gets through each time, so this is how many may at the least.
    /// </summary>
    private const int AttemptsMax = 200;

    public async Task<Result<StoredOrder>> RunAsync(
        Guid id, OrderInput input, Precondition precondition, Caller caller)
    {
        var fresh = false;
        for (var attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            if (await ExistingOrder.FindAsync(orders, id, precondition, settings)
                is var found && found.IsRefused(out var absent, out var current))
            {
                return absent;
            }

            var view = await catalog.ViewAsync(input.ServiceIds, fresh);
            fresh = true;
            var decision = Order.Amend(
                input, current, view, settings.DefaultCurrency, settings.UpdatableAfter, current.ReadAt);
            if (decision.IsRefused(out var problem, out var content))
            {
                if (view.IsFresh || problem.Code is ProblemCode.OrderClosed or ProblemCode.OrderNotYetUpdatable)
                {
                    return problem;
                }

                continue;
            }

            var write = Write(current, content, view.Epoch, caller);
            if (IsSame(current, write))
            {
                return current;
            }

            if ((await writer.StoreAsync(write)).Receipt is { } receipt)
            {
                return write.ToStored(current, receipt);
            }

            if (await ReferenceRule.FindTakenAsync(orders, write) is { } taken)
            {
                return taken;
            }
        }

        return new Problem(ProblemCode.Overloaded, "The order changed too often meanwhile; try again.");
    }

    private OrderWrite Write(StoredOrder current, OrderContent content, long epoch, Caller caller)
    {
        var renamed = !string.Equals(current.Content.Reference, content.Reference, StringComparison.Ordinal);
        return new OrderWrite
        {
            Kind = ChangeKind.Updated,
            OrderId = current.Id,
            WriteId = ids.Next(),
            BaseVersion = current.Version,
            Team = current.Team,
            Status = current.Status,
            Content = content,
            ContentJson = OrderDocument.WriteContent(content),
            PersonalJson = OrderDocument.WritePersonal(content),
            Actor = caller.KeyId,
            CatalogEpoch = epoch,
            UpdatableAfter = settings.UpdatableAfter,
            ClaimedReference = renamed ? content.Reference : null,
            ReleasedReference = renamed ? current.Content.Reference : null,
        };
    }

    /// <summary>Equal content gives equal bytes; a write that changes nothing is not stored.</summary>
    private static bool IsSame(StoredOrder current, OrderWrite write) =>
        current.ContentJson.AsSpan().SequenceEqual(write.ContentJson)
        && (current.PersonalJson ?? []).AsSpan().SequenceEqual(write.PersonalJson ?? []);
}
