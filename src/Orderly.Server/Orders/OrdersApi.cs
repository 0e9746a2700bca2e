using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Orderly.Contract.Orders;
using Orderly.Server.Access;
using Orderly.Server.Configuration;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>The addresses of orders.</summary>
internal static class OrdersApi
{
    private const int IdLength = 36;
    private static readonly string[] Read = [HttpMethods.Get, HttpMethods.Head];
    private static readonly TakesHeader IfMatch = new("If-Match",
        "The ETag of the version that the write is based on; any other version is refused with 412.");

    public static void MapOrders(this IEndpointRouteBuilder routes)
    {
        var orders = routes.MapGroup("/orders").WithTags("Orders");
        orders.MapPost("", PlaceAsync)
            .WithName("placeOrder").WithSummary("Place an order")
            .WithMetadata(
                new RequiredScope(Scopes.OrdersWrite), new TakesBody(typeof(OrderRequest), JsonBody.MediaType))
            .CanRefuse(409, 413, 415, 422);
        orders.MapMethods("", Read, ListAsync)
            .WithName("listOrders").WithSummary("List orders, newest first")
            .WithMetadata(
                new RequiredScope(Scopes.OrdersRead),
                new TakesParameter("limit", "integer", "How many orders a page has.")
                {
                    Minimum = 1, Maximum = ListOrders.PageSizeMax, Default = ListOrders.PageSizeDefault,
                },
                new TakesParameter("cursor", "string", "next of the page before, as it came."));
        orders.MapMethods("{id}", Read, GetAsync)
            .WithName("getOrder").WithSummary("Read an order")
            .WithMetadata(
                new RequiredScope(Scopes.OrdersRead),
                new TakesHeader("If-None-Match", "The ETag of the version that you have: 304 where it is current."))
            .CanRefuse(404);
        orders.MapPut("{id}", ReplaceAsync)
            .WithName("replaceOrder").WithSummary("Replace the content of an order")
            .WithMetadata(
                new RequiredScope(Scopes.OrdersWrite), IfMatch,
                new TakesBody(typeof(OrderRequest), JsonBody.MediaType))
            .CanRefuse(404, 409, 412, 413, 415, 422, 428);
        orders.MapPatch("{id}", PatchAsync)
            .WithName("patchOrder").WithSummary("Change some fields of an order (RFC 7396)")
            .WithMetadata(
                new RequiredScope(Scopes.OrdersWrite), IfMatch,
                new TakesBody(typeof(OrderPatch), JsonBody.MergePatchMediaType))
            .CanRefuse(404, 409, 412, 413, 415, 422, 428);
        orders.MapDelete("{id}", DeleteAsync)
            .WithName("deleteOrder").WithSummary("Delete an order")
            .WithMetadata(new RequiredScope(Scopes.OrdersDelete), IfMatch)
            .CanRefuse(404, 412, 428);
    }

    private static async Task<Results<OrderCreated, Refused>> PlaceAsync(
        HttpContext http, PlaceOrder place, OrderSettings settings)
    {
        if ((await JsonBody.ReadAsync(http, JsonBody.MediaType)).IsRefused(out var unread, out var body))
        {
            return new Refused(unread);
        }

        using (body)
        {
            var input = OrderInput.Read(body.RootElement, isPatch: false);
            input.Faults.Add(QueryInput.Read(http.Request).Faults);
            return (await place.RunAsync(input, Caller.Of(http))).IsRefused(out var problem, out var order)
                ? new Refused(problem)
                : new OrderCreated(order, settings.UpdatableAfter);
        }
    }

    private static async Task<Results<OrderPage, Refused>> ListAsync(
        HttpContext http, ListOrders list, OrderSettings settings) =>
        (await list.RunAsync(http.Request, http.RequestAborted)).IsRefused(out var problem, out var page)
            ? new Refused(problem)
            : new OrderPage(page, settings.UpdatableAfter);

    private static async Task<Results<OrderFound, NotModified, Refused>> GetAsync(
        string id, HttpContext http, OrderStore orders, OrderSettings settings)
    {
        if (QueryInput.RefuseAny(http.Request) is { } query)
        {
            return new Refused(query);
        }

        if (ParseId(id) is not { } orderId || await orders.FindAsync(orderId) is not { DeletedAt: null } order)
        {
            return NotFound(id);
        }

        return Precondition.IsKnown(http.Request, order.Version)
            ? new NotModified(order.Version)
            : new OrderFound(order, settings.UpdatableAfter);
    }

    private static Task<Results<OrderFound, Refused>> ReplaceAsync(
        string id, HttpContext http, AmendOrder amend, OrderSettings settings) =>
        AmendAsync(id, http, amend, settings, isPatch: false);

    private static Task<Results<OrderFound, Refused>> PatchAsync(
        string id, HttpContext http, AmendOrder amend, OrderSettings settings) =>
        AmendAsync(id, http, amend, settings, isPatch: true);

    private static async Task<Results<OrderFound, Refused>> AmendAsync(
        string id, HttpContext http, AmendOrder amend, OrderSettings settings, bool isPatch)
    {
        var mediaType = isPatch ? JsonBody.MergePatchMediaType : JsonBody.MediaType;
        if ((await JsonBody.ReadAsync(http, mediaType)).IsRefused(out var unread, out var body))
        {
            return new Refused(unread);
        }

        using (body)
        {
            if (ReadAmendment(http, body, isPatch).IsRefused(out var unreadable, out var amendment))
            {
                return new Refused(unreadable);
            }

            if (ParseId(id) is not { } orderId)
            {
                return NotFound(id);
            }

            return (await amend.RunAsync(orderId, amendment.Input, amendment.Precondition, Caller.Of(http)))
                .IsRefused(out var problem, out var order)
                ? new Refused(problem)
                : new OrderFound(order, settings.UpdatableAfter);
        }
    }

    private static async Task<Results<NoContent, Refused>> DeleteAsync(
        string id, HttpContext http, DeleteOrder delete)
    {
        if (QueryInput.RefuseAny(http.Request) is { } query)
        {
            return new Refused(query);
        }

        if (Precondition.Read(http.Request, bodyVersion: null).IsRefused(out var malformed, out var precondition))
        {
            return new Refused(malformed);
        }

        if (ParseId(id) is not { } orderId)
        {
            return NotFound(id);
        }

        return (await delete.RunAsync(orderId, precondition, Caller.Of(http))).IsRefused(out var problem, out _)
            ? new Refused(problem)
            : TypedResults.NoContent();
    }

    /// <summary>All that can be unreadable about an update: its body, its query, its precondition.</summary>
    private static Result<Amendment> ReadAmendment(HttpContext http, JsonDocument body, bool isPatch)
    {
        var input = OrderInput.Read(body.RootElement, isPatch);
        input.Faults.Add(QueryInput.Read(http.Request).Faults);
        if (input.Faults.ToUnreadableProblem() is { } unreadable)
        {
            return unreadable;
        }

        return Precondition.Read(http.Request, input.Version).IsRefused(out var malformed, out var precondition)
            ? malformed
            : new Amendment(input, precondition);
    }

    /// <summary>
    /// A syntactically bad id is an id that no order has. The parser alone would take spaces around it.
    /// </summary>
    private static Guid? ParseId(string id) =>
        id.Length == IdLength && Guid.TryParseExact(id, "D", out var orderId) ? orderId : null;

    private static Refused NotFound(string id) => new(new Problem(
        Orderly.Contract.Problems.ProblemCode.OrderNotFound, $"There is no order {Suggestion.Quote(id)}."));

    private sealed record Amendment(OrderInput Input, Precondition Precondition);
}
