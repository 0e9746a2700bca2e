using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Database;
using Orderly.Server.Http;
using Orderly.Server.Privacy;

namespace Orderly.Server.Orders;

/// <summary>
/// Erases what is personal of an order, in every version of it: its data key and the salts are destroyed. Everything
/// else stays, and can still be verified. Where nothing personal is left, it changes nothing.
/// </summary>
internal sealed class EraseOrder(ChangeOrder change, OrderKeyStore keys, Ids ids)
{
    public Task<Result<WrittenOrder>> RunAsync(ChangeTarget target, ReasonInput input, Caller caller) =>
        change.RunAsync(target with { IsAboutUnreadable = true }, onDeleted: true, async (current, _) =>
        {
            if (input.Faults.ToProblem() is { } problem)
            {
                return problem;
            }

            var write = OrderWrite.On(current, ChangeKind.Erased, ids.Next(), caller.KeyId) with
            {
                IsDeleted = current.DeletedAt is not null,
            };
            return current.Personal.Sealed is null && await keys.FindAsync(current.Id) is null
                ? write
                : write with
                {
                    Content = current.Content with { Customer = null, Notes = null },
                    Personal = PersonalData.None,
                    IsErasure = true,
                    Reason = input.Reason,
                };
        });
}
