using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Configuration;
using Orderly.Server.Database;
using Orderly.Server.Http;
using Orderly.Server.Services;

namespace Orderly.Server.Orders;

/// <summary>Replaces (PUT) or merges (PATCH) the content of an order.</summary>
internal sealed class AmendOrder(ChangeOrder change, ServiceCatalog catalog, OrderSettings settings, Ids ids)
{
    public Task<Result<WrittenOrder>> RunAsync(ChangeTarget target, OrderInput input, Caller caller) =>
        change.RunAsync(target, onDeleted: false, async (current, again) =>
        {
            if (Order.RefuseUpdate(current, settings.UpdatableAfter, target.Terms.IsForced) is { } refusal)
            {
                return refusal;
            }

            var view = await catalog.ViewAsync(input.ServiceIds, fresh: again);
            var decision = Decide(input, current, view);
            if (decision.IsRefused(out _, out _) && !view.IsFresh)
            {
                // What was remembered of a service record may be what it is refused for.
                view = await catalog.ViewAsync(input.ServiceIds, fresh: true);
                decision = Decide(input, current, view);
            }

            return decision.IsRefused(out var problem, out var content)
                ? problem
                : OrderWrite.On(current, ChangeKind.Updated, ids.Next(), caller.KeyId).WithContent(content) with
                {
                    CatalogEpoch = view.Epoch,
                    UpdatableAfter = target.Terms.IsForced ? null : settings.UpdatableAfter,
                    OverriddenWindow = target.Terms.IsForced ? settings.UpdatableAfter : null,
                    Reason = target.Terms.Reason,
                };
        });

    private Result<OrderContent> Decide(OrderInput input, StoredOrder current, CatalogView view) =>
        Order.Amend(input, current, view, settings.DefaultCurrency, settings.UpdatableAfter);
}
