using Microsoft.AspNetCore.Http.HttpResults;
using Orderly.Contract.Orders;
using Orderly.Server.Access;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>
/// The addresses of orders. Those of their history and of status changes have files of their own, and the list, which
/// can be a stream, is with the other transfers.
/// </summary>
internal static class OrdersApi
{
    private static readonly string[] DeleteFields = ["reason", "version"];
    private static readonly WriteForm PlaceForm =
        new(StatusCodes.Status201Created, JsonBody.MediaType, "dryRun") { IsForNew = true };
    private static readonly WriteForm ReplaceForm =
        new(StatusCodes.Status200OK, JsonBody.MediaType, "dryRun", "force", "reason");
    private static readonly WriteForm PatchForm = ReplaceForm with { MediaType = JsonBody.MergePatchMediaType };
    private static readonly WriteForm DeleteForm =
        new(StatusCodes.Status204NoContent, MediaType: null, "dryRun", "reason");

    public static void MapOrders(this IEndpointRouteBuilder routes)
    {
        var orders = routes.MapGroup("/orders").WithTags("Orders");
        orders.MapPost("", PlaceAsync)
            .WithName("placeOrder").WithSummary("Place an order")
            .WithMetadata(
                new RequiredScope(Scopes.OrdersWrite), new TakesBody(typeof(OrderRequest), JsonBody.MediaType),
                Described.DryRun, Described.IdempotencyKey)
            .CanRefuse(409, 413, 415, 422);
        orders.MapMethods("{id}", Described.ReadMethods, GetAsync)
            .WithName("getOrder").WithSummary("Read an order, as it is or as it was")
            .WithMetadata(
                new RequiredScope(Scopes.OrdersRead), Described.OrderId, Described.IfNoneMatch,
                Described.Time("asOf", "The order as it stood at this instant (RFC 3339, inclusive)."),
                FieldSelection.Described(OrderDocument.Fields))
            .CanRefuse(404, 422);
        orders.MapPut("{id}", ReplaceAsync)
            .WithName("replaceOrder").WithSummary("Replace the content of an order")
            .WithMetadata(
                new RequiredScope(Scopes.OrdersWrite), Described.OrderId, Described.IfMatch, Described.DryRun,
                Described.Force, Described.Reason,
                new TakesBody(typeof(OrderRequest), JsonBody.MediaType) { Schema = OrderSchemas.Replacement })
            .CanRefuse(404, 409, 412, 413, 415, 422, 428);
        orders.MapPatch("{id}", PatchAsync)
            .WithName("patchOrder").WithSummary("Change some fields of an order (RFC 7396)")
            .WithMetadata(
                new RequiredScope(Scopes.OrdersWrite), Described.OrderId, Described.IfMatch, Described.DryRun,
                Described.Force, Described.Reason, Described.IdempotencyKey,
                new TakesBody(typeof(OrderPatch), JsonBody.MergePatchMediaType))
            .CanRefuse(404, 409, 412, 413, 415, 422, 428);
        orders.MapDelete("{id}", DeleteAsync)
            .WithName("deleteOrder").WithSummary("Delete an order")
            .WithMetadata(
                new RequiredScope(Scopes.OrdersDelete), Described.OrderId, Described.IfMatch, Described.DryRun,
                Described.Reason, new Gives(204, "The order is gone: nobody finds it any more."))
            .CanRefuse(404, 412, 428);
    }

    private static async Task<Results<OrderCreated, Refused>> PlaceAsync(
        HttpContext http, PlaceOrder place, IdempotentWrite once, OrderDisplay display)
    {
        if ((await WriteRequest.ReadAsync(http, PlaceForm)).IsRefused(out var unread, out var request))
        {
            return new Refused(unread);
        }

        using (request)
        {
            var input = OrderInput.Read(request.Body, isPatch: false);
            input.Faults.Add(request.Faults);
            if (input.Faults.ToUnreadableProblem() is { } unreadable)
            {
                return new Refused(unreadable);
            }

            var result = await once.RunAsync(request.Claim, request.Caller,
                claim => place.RunAsync(input, request.Terms with { Claim = claim }, request.Caller));
            return result.IsRefused(out var problem, out var answer)
                ? new Refused(problem)
                : new OrderCreated(answer, request.Terms, display);
        }
    }

    private static async Task<Results<OrderFound, NotModified, Refused>> GetAsync(
        string id, HttpContext http, FindOrder find, OrderDisplay display)
    {
        if ((await find.RunAsync(id, http.Request, Caller.Of(http))).IsRefused(out var problem, out var found))
        {
            return new Refused(problem);
        }

        return Precondition.IsKnown(http.Request, found.Order.Version)
            ? new NotModified(found.Order.Version)
            : new OrderFound(found, display);
    }

    private static Task<Results<OrderWritten, Refused>> ReplaceAsync(
        string id, HttpContext http, AmendOrder amend, IdempotentWrite once, OrderDisplay display) =>
        AmendAsync(id, http, amend, once, display, isPatch: false);

    private static Task<Results<OrderWritten, Refused>> PatchAsync(
        string id, HttpContext http, AmendOrder amend, IdempotentWrite once, OrderDisplay display) =>
        AmendAsync(id, http, amend, once, display, isPatch: true);

    private static async Task<Results<OrderWritten, Refused>> AmendAsync(
        string id, HttpContext http, AmendOrder amend, IdempotentWrite once, OrderDisplay display, bool isPatch) =>
        (await WriteFlow.RunAsync(id, http, once, isPatch ? PatchForm : ReplaceForm,
            body => OrderInput.Read(body, isPatch), amend.RunAsync)).IsRefused(out var problem, out var written)
            ? new Refused(problem)
            : new OrderWritten(written, display);

    private static async Task<Results<NoContent, Refused>> DeleteAsync(
        string id, HttpContext http, DeleteOrder delete, IdempotentWrite once) =>
        (await WriteFlow.RunAsync(id, http, once, DeleteForm,
            body => ReasonInput.Read(body, DeleteFields), delete.RunAsync)).IsRefused(out var problem, out _)
            ? new Refused(problem)
            : TypedResults.NoContent();
}
