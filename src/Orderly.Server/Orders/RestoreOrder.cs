using Orderly.Server.Access;
using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>Brings a deleted order back as it was. Its reference must still be free.</summary>
internal sealed class RestoreOrder(ChangeOrder change, Ids ids)
{
    public Task<Result<WrittenOrder>> RunAsync(ChangeTarget target, ReasonInput input, Caller caller) =>
        change.RunAsync(target, onDeleted: true, (current, _) => new(
            input.Faults.ToProblem() is { } problem
                ? problem
                : OrderWrite.On(current, ChangeKind.Restored, ids.Next(), caller.KeyId) with
                {
                    IsDeleted = false,
                    ClaimedReference = current.DeletedAt is null ? null : current.Content.Reference,
                    Reason = input.Reason,
                }));
}
