using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Http;
using Orderly.Server.Observability;
using Orderly.Server.Orders;
using Orderly.Server.Privacy;

namespace Orderly.Server.Transfer;

/// <summary>What a stream of orders holds, and in which form.</summary>
internal sealed record OrderStreamQuery(
    ListFormat Format, OrderFilter Filter, Sort Sort, FieldSelection? Fields, bool IsRowPerOrder);

/// <summary>Prepares a stream of all orders that fit. It runs once the answer is sent.</summary>
internal sealed class StreamOrders(
    OrderStreamStore orders, EmailIndex emails, OrderDisplay display, CallerWatch callers, TimeProvider time,
    ILogger<OrderStream> log)
{
    private const string RowPerOrder = "orders";
    private const string RowPerLine = "lines";
    private static readonly string[] RowChoices = [RowPerOrder, RowPerLine];

    /// <summary>What only a list in pages takes.</summary>
    private static readonly string[] OfPages = [PageInput.Limit.Name, PageInput.After.Name, PageInput.Count.Name];

    private static readonly string[] Parameters =
        [.. OfPages, "sort", "fields", ListOrders.LayoutParameter, .. OrderFilterInput.Names];

    public static readonly TakesParameter Rows =
        new(ListOrders.LayoutParameter, "string", "For CSV: a row for each service line, or for each order.")
        {
            Values = RowChoices, DefaultText = RowPerLine,
        };

    private readonly SharedPlaces _places = new(StreamLimits.StreamsMax, time);

    public async Task<Result<OrderStream>> PrepareAsync(HttpRequest request, ListFormat format, Caller caller)
    {
        var query = QueryInput.Read(request, OrderFilter.MetadataPrefix, Parameters);
        foreach (var name in OfPages.Where(name => query.Text(name) is not null))
        {
            query.Refuse(name, $"A stream gives all orders, so it takes no \"{name}\"; pages are application/json.");
        }

        if (OrderFilterInput.Read(query, caller, emails).IsRefused(out var notAllowed, out var filter))
        {
            return notAllowed;
        }

        var sort = Sort.Read(query, OrderFilter.OrderedFields, ListOrders.DefaultSort);
        var fields = FieldSelection.Read(query, OrderDocument.Fields);
        var rows = format == ListFormat.Csv ? query.Choice(ListOrders.LayoutParameter, RowChoices) : null;
        if (format != ListFormat.Csv)
        {
            ListOrders.RefuseLayout(query, format.MediaType);
        }

        if (query.ToProblem() is { } problem)
        {
            return problem;
        }

        var takesPlace = !HttpMethods.IsHead(request.Method);
        if (takesPlace && !await _places.TakeAsync(caller.KeyId, request.HttpContext.RequestAborted))
        {
            Meters.Overloads.Add(1, Meters.Label("reason", "no-stream-place"));
            return _places.Refusal("streams");
        }

        var isRowPerOrder = string.Equals(rows, RowPerOrder, StringComparison.Ordinal);
        return new OrderStream(
            new OrderStreamQuery(format, filter.Within(caller.OnlyTeam), sort, fields, isRowPerOrder),
            orders, display, callers, takesPlace ? _places : null, time, log);
    }
}
