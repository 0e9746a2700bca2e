using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Configuration;
using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>Gives an order the content of an earlier version again, as a new version. Its status stays.</summary>
internal sealed class RevertOrder(RevisionStore revisions, ChangeOrder change, OrderSettings settings, Ids ids)
{
    public Task<Result<WrittenOrder>> RunAsync(ChangeTarget target, ReasonInput input, Caller caller) =>
        change.RunAsync(target, onDeleted: false, async (current, _) =>
        {
            if (Order.RefuseUpdate(current, settings.UpdatableAfter, target.Terms.IsForced) is { } refusal)
            {
                return refusal;
            }

            var faults = new Faults(input.Faults);
            var then = input.To is { } version ? await revisions.FindAsync(current.Id, version) : null;
            if (then is null && input.To is not null)
            {
                faults.Add(ProblemCode.OutOfRange, "#/to", $"The order has the versions 1 to {current.Version}.");
            }

            if (faults.ToProblem() is { } problem)
            {
                return problem;
            }

            if (then!.Personal.IsUnreadable)
            {
                return OrderStore.Unreadable(current.Id);
            }

            return OrderWrite.On(current, ChangeKind.Reverted, ids.Next(), caller.KeyId).WithContent(then.Content) with
            {
                UpdatableAfter = target.Terms.IsForced ? null : settings.UpdatableAfter,
                OverriddenWindow = target.Terms.IsForced ? settings.UpdatableAfter : null,
                Reason = input.Reason,
            };
        });
}
