using Orderly.Server.Access;
using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>
/// Takes an order out of everyone's sight. Nothing of it is lost: it stays in the log and can be restored.
/// </summary>
internal sealed class DeleteOrder(ChangeOrder change, Ids ids)
{
    public Task<Result<WrittenOrder>> RunAsync(ChangeTarget target, ReasonInput input, Caller caller) =>
        change.RunAsync(target, onDeleted: false, (current, _) => new(
            input.Faults.ToProblem() is { } problem
                ? problem
                : OrderWrite.On(current, ChangeKind.Deleted, ids.Next(), caller.KeyId) with
                {
                    IsDeleted = true,
                    ReleasedReference = current.Content.Reference,
                    Reason = input.Reason ?? target.Terms.Reason,
                }));
}
