using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Configuration;
using Orderly.Server.Database;
using Orderly.Server.Http;
using Orderly.Server.Privacy;
using Orderly.Server.Services;

namespace Orderly.Server.Orders;

/// <summary>Places a new order.</summary>
internal sealed class PlaceOrder(
    OrderWriter writer, WriteConflict conflict, ServiceCatalog catalog, OrderSettings settings,
    Ids ids, TimeProvider time)
{
    /// <summary>
    /// Each time a service record changed meanwhile, which a price list put in at once does in a row.
    /// </summary>
    private const int AttemptsMax = 50;

    /// <param name="createdAt">For orders that come from elsewhere: when they were created there.</param>
    public async Task<Result<WrittenOrder>> RunAsync(
        OrderInput input, WriteTerms terms, Caller caller, DateTime? createdAt = null)
    {
        var fresh = false;
        for (var attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            var view = await catalog.ViewAsync(input.ServiceIds, fresh);
            fresh = true;
            if (Order.Place(input, view, settings.DefaultCurrency).IsRefused(out var problem, out var content))
            {
                if (view.IsFresh)
                {
                    return problem;
                }

                continue;
            }

            var write = ToWrite(content, view.Epoch, terms, caller) with { CreatedAt = createdAt };
            if (terms.IsDryRun)
            {
                return await conflict.FindTakenReferenceAsync(write) is { } wouldBeTaken
                    ? wouldBeTaken
                    : new WrittenOrder(write.ToStored(before: null, DryReceipt()), IsStored: false);
            }

            if ((await writer.StoreAsync(write)).Receipt is { } receipt)
            {
                return new WrittenOrder(write.ToStored(before: null, receipt), IsStored: true);
            }

            if (await conflict.ExplainAsync(write) is { } reason)
            {
                return reason;
            }
        }

        return new Problem(ProblemCode.Overloaded, "The service records changed too often meanwhile; try again.");
    }

    /// <summary>A new order as the write that stores it.</summary>
    public OrderWrite ToWrite(OrderContent content, long epoch, WriteTerms terms, Caller caller) => new()
    {
        Kind = ChangeKind.Placed,
        OrderId = ids.Next(),
        WriteId = ids.Next(),
        BaseVersion = 0,
        Team = caller.Team,
        Status = OrderStatus.Placed,
        Content = content,
        ContentJson = OrderDocument.WriteContent(content),
        Personal = PersonalData.Given(OrderDocument.WritePersonal(content)),
        Actor = caller.KeyId,
        CatalogEpoch = epoch,
        ClaimedReference = content.Reference,
        Claim = terms.Claim,
    };

    /// <summary>What the database would have added, but for the number, which only a stored order has.</summary>
    private WriteReceipt DryReceipt()
    {
        var now = time.GetUtcNow().UtcDateTime;
        return new WriteReceipt(Number: 0, Version: 1, now, now);
    }
}
