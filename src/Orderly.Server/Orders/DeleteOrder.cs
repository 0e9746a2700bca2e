using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Configuration;
using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>
/// Takes an order out of everyone's sight. Nothing of it is lost: it stays in the log and can be restored.
/// </summary>
internal sealed class DeleteOrder(OrderStore orders, OrderWriter writer, OrderSettings settings, Ids ids)
{
    /// <summary>
    /// Of those who write at once one gets through each time, so this is how many may at the least.
    /// </summary>
    private const int AttemptsMax = 200;

    /// <summary>The order as it was before, or why it was not deleted.</summary>
    public async Task<Result<StoredOrder>> RunAsync(Guid id, Precondition precondition, Caller caller)
    {
        for (var attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            if (await ExistingOrder.FindAsync(orders, id, precondition, settings)
                is var found && found.IsRefused(out var absent, out var current))
            {
                return absent;
            }

            if ((await writer.StoreAsync(Write(current, caller))).Receipt is not null)
            {
                return current;
            }
        }

        return new Problem(ProblemCode.Overloaded, "The order changed too often meanwhile; try again.");
    }

    private OrderWrite Write(StoredOrder current, Caller caller) => new()
    {
        Kind = ChangeKind.Deleted,
        OrderId = current.Id,
        WriteId = ids.Next(),
        BaseVersion = current.Version,
        Team = current.Team,
        Status = current.Status,
        Content = current.Content,
        ContentJson = current.ContentJson,
        PersonalJson = current.PersonalJson,
        Actor = caller.KeyId,
        ReleasedReference = current.Content.Reference,
        IsDeleted = true,
    };
}
