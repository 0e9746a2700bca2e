using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>Moves an order on in its life. The same status again changes nothing.</summary>
internal sealed class ChangeStatus(ChangeOrder change, Ids ids)
{
    public Task<Result<WrittenOrder>> RunAsync(ChangeTarget target, ReasonInput input, Caller caller) =>
        change.RunAsync(target, onDeleted: false, (current, _) => new(Decide(current, input, caller)));

    private Result<OrderWrite> Decide(StoredOrder current, ReasonInput input, Caller caller)
    {
        if (input.Status is { } to && to != current.Status && !Order.Next(current.Status).Contains(to))
        {
            return Illegal(current.Status, to);
        }

        return input.Faults.ToProblem() is { } problem
            ? problem
            : OrderWrite.On(current, ChangeKind.StatusChanged, ids.Next(), caller.KeyId) with
            {
                Status = input.Status!.Value,
                Reason = input.Reason,
            };
    }

    private static Problem Illegal(OrderStatus from, OrderStatus to)
    {
        string[] next = [.. Order.Next(from).Select(status => status.ToText())];
        return new Problem(ProblemCode.IllegalTransition,
            $"The order is {from.ToText()} and can't become {to.ToText()}; "
            + (next.Length == 0 ? "it stays as it is." : $"it can become {string.Join(" or ", next)}."))
        {
            Members = [new("nextStatuses", next)],
        };
    }
}
