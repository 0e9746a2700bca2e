using Microsoft.AspNetCore.Http.HttpResults;
using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Http;
using Orderly.Server.Orders;

namespace Orderly.Server.Transfer;

/// <summary>The addresses that give or take many orders: the list, in pages or as a stream, and imports.</summary>
internal static class TransfersApi
{
    public static void MapTransfers(this IEndpointRouteBuilder routes)
    {
        var orders = routes.MapGroup("/orders").WithTags("Orders");
        orders.MapMethods("", Described.ReadMethods, ListAsync)
            .WithName("listOrders").WithSummary("List orders by filter and sort, in pages or all in a stream")
            .WithDescription(
                "A page has fewer orders than `limit` where they are so large that they are 8 MiB together; `next` "
                + "is null on the last one only. With `Accept: application/x-ndjson` or `text/csv` every order that "
                + "fits is sent, as of one moment; a stream that ends without the end of its last chunk is not whole. "
                + "A reader that takes nothing for "
                + $"{StreamLimits.StallSeconds} s, or {StreamLimits.StallSecondsMax} s where it has taken much at "
                + $"once, is cut off, and so is a stream after {StreamLimits.StreamMinutesMax} minutes.")
            .WithMetadata(
                new RequiredScope(Scopes.OrdersRead), PageInput.Limit, PageInput.After,
                Sort.Described(OrderFilter.OrderedFields, ListOrders.DefaultSort), PageInput.Count,
                FieldSelection.Described(OrderDocument.Fields), StreamOrders.Rows)
            .WithMetadata([.. OrderFilterInput.Described])
            .CanRefuse(406, 422);
        orders.MapPost("import", ImportAsync)
            .WithName("importOrders").WithSummary("Import orders, however many")
            .WithDescription(
                "A row of NDJSON is an order as POST /orders takes it; with the scope `orders:force` it may also have "
                + "`createdAt`, in the past. CSV has the columns that a list has for those fields; rows with the same "
                + "`id` behind each other are the lines of one order, and the `id` is not kept; where one of them "
                + "can't be read, the whole order is refused. A reference that an "
                + "order of the team has already is refused as `duplicate`, so an import can be run again. With "
                + "`mode=each` what was stored stays, also where the connection breaks.")
            .WithMetadata(
                new RequiredScope(Scopes.OrdersWrite), ImportRequest.Mode, Described.DryRun,
                new TakesBody(typeof(string), ListFormat.NdJson.MediaType)
                {
                    OtherMediaType = ListFormat.Csv.MediaType,
                })
            .CanRefuse(408, 415, 422);
    }

    private static async Task<Results<ImportAnswer, Refused>> ImportAsync(HttpContext http, ImportRequest import) =>
        (await import.RunAsync(http)).IsRefused(out var problem, out var tally)
            ? new Refused(problem)
            : new ImportAnswer(tally.ToResult());

    private static async Task<Results<OrderPage, OrderStream, Refused>> ListAsync(
        HttpContext http, ListOrders list, StreamOrders stream, OrderDisplay display)
    {
        var caller = Caller.Of(http);
        if (ListFormat.Asked(http.Request) is not { } format)
        {
            return new Refused(new Problem(ProblemCode.NotAcceptable,
                $"A list is given as {string.Join(", ", ListFormat.MediaTypes)}."));
        }

        if (format != ListFormat.Json)
        {
            var preparing = await stream.PrepareAsync(http.Request, format, caller);
            return preparing.IsRefused(out var refusal, out var prepared) ? new Refused(refusal) : prepared;
        }

        return (await list.RunAsync(http.Request, caller, http.RequestAborted)).IsRefused(out var problem, out var page)
            ? new Refused(problem)
            : new OrderPage(page, display);
    }
}
