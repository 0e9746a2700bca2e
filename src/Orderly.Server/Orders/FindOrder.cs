using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>An order, and which members of it the caller wants to see; null: all.</summary>
internal sealed record FoundOrder(StoredOrder Order, FieldSelection? Fields);

/// <summary>Reads one order, as it is now or as it was at an instant.</summary>
internal sealed class FindOrder(OrderStore orders, RevisionStore revisions)
{
    public async Task<Result<FoundOrder>> RunAsync(string id, HttpRequest request, Caller caller)
    {
        var query = QueryInput.Read(request, "asOf", "fields");
        var asOf = query.Instant("asOf");
        var fields = FieldSelection.Read(query, OrderDocument.Fields);
        if (query.ToProblem() is { } problem)
        {
            return problem;
        }

        return (await FindAsync(id, caller, asOf)).IsRefused(out var absent, out var order)
            ? absent
            : new FoundOrder(order, fields);
    }

    private async Task<Result<StoredOrder>> FindAsync(string id, Caller caller, DateTime? asOf)
    {
        if (!OrderId.TryParse(id, out var orderId) || await orders.FindAsync(orderId, caller) is not { } order)
        {
            return OrderStore.NotFound(id);
        }

        if (asOf is { } instant)
        {
            return await AsOfAsync(order, instant);
        }

        return order.DeletedAt is null ? Readable(order) : OrderStore.NotFound(id);
    }

    private static Result<StoredOrder> Readable(StoredOrder order) =>
        order.Personal.IsUnreadable ? OrderStore.Unreadable(order.Id) : order;

    /// <summary>What was deleted since was there then, and the other way round.</summary>
    private async Task<Result<StoredOrder>> AsOfAsync(StoredOrder order, DateTime instant)
    {
        if (instant > order.ReadAt)
        {
            var faults = new Faults();
            faults.AddParameter(ProblemCode.OutOfRange, "asOf",
                $"asOf must not be in the future; the database's clock says {Instant.Format(order.ReadAt)}.");
            return faults.ToProblem()!;
        }

        return await revisions.FindAsOfAsync(order.Id, instant) is { IsDeleted: false } revision
            ? Readable(revision.On(order))
            : new Problem(ProblemCode.OrderNotFound, $"There was no order {order.Id:D} at {Instant.Format(instant)}.");
    }
}
