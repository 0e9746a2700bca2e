using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Configuration;
using Orderly.Server.Http;
using Orderly.Server.Orders;
using Orderly.Server.Services;

namespace Orderly.Server.Transfer;

/// <summary>Decides over rows of an import, as over any order that is placed.</summary>
internal sealed class ImportDecision(
    PlaceOrder place, ServiceCatalog catalog, OrderSettings settings, TimeProvider time)
{
    private const string CreatedAt = "createdAt";
    private const int CreatedYearMin = 1900;

    /// <summary>
    /// The rows that can be stored, with the service records that they were decided by. The others are told as refused.
    /// </summary>
    public async Task<(CatalogView View, List<ImportWrite> Writes)> RunAsync(
        IReadOnlyList<ImportRow> rows, Caller caller, ImportTally tally)
    {
        var inputs = new List<(ImportRow Row, OrderInput Input)>(rows.Count);
        foreach (var row in rows)
        {
            if (row.Body is null)
            {
                tally.Refuse(row.Number, row.Problem!);
            }
            else
            {
                inputs.Add((row, OrderInput.Read(row.Body.Json.RootElement, isPatch: false)));
            }
        }

        var view = await catalog.ViewAsync([.. inputs.SelectMany(entry => entry.Input.ServiceIds)], fresh: true);
        var writes = new List<ImportWrite>(inputs.Count);
        foreach (var (row, input) in inputs)
        {
            if (Decide(input, view, caller).IsRefused(out var problem, out var write))
            {
                tally.Refuse(row.Number, problem);
            }
            else
            {
                writes.Add(new ImportWrite(row, write));
            }
        }

        return (view, writes);
    }

    private Result<OrderWrite> Decide(OrderInput input, CatalogView view, Caller caller)
    {
        var createdAt = TakeCreatedAt(input, caller);
        if (input.Faults.ToUnreadableProblem() is { } unreadable)
        {
            return unreadable;
        }

        return Order.Place(input, view, settings.DefaultCurrency).IsRefused(out var problem, out var content)
            ? problem
            : place.ToWrite(content, view.Epoch, WriteTerms.Plain, caller) with { CreatedAt = createdAt };
    }

    /// <summary>
    /// History from elsewhere: past, and only with the scope that overrides the update window, too.
    /// </summary>
    private DateTime? TakeCreatedAt(OrderInput input, Caller caller)
    {
        var at = input.ReadOnly.FindIndex(member =>
            string.Equals(member.Name, CreatedAt, StringComparison.Ordinal) && !member.IsNull);
        if (at < 0)
        {
            return null;
        }

        var member = input.ReadOnly[at];
        input.ReadOnly.RemoveAt(at);
        if (!caller.Scopes.Contains(Scopes.OrdersForce))
        {
            input.Faults.Add(ProblemCode.MissingScope, member.Pointer,
                $"To say when an order was created takes the scope {Scopes.OrdersForce}.");
            return null;
        }

        var instant = JsonMembers.Instant(member, input.Faults);
        if (instant is { } createdAt && (createdAt.Year < CreatedYearMin || createdAt > time.GetUtcNow().UtcDateTime))
        {
            input.Faults.Add(ProblemCode.OutOfRange, member.Pointer,
                $"The time must be past, and not before the year {CreatedYearMin}.");
        }

        return instant;
    }
}
