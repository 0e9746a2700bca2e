using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Orderly.Contract.Orders;
using Orderly.Server.Access;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>The addresses of what is done to an order beside changing its content.</summary>
internal static class OrderActionsApi
{
    private static readonly string[] StatusFields = ["status", "reason", "version"];
    private static readonly string[] RestoreFields = ["reason", "version"];
    private static readonly string[] RevertFields = ["to", "reason", "version"];
    private static readonly string[] EraseFields = ["reason", "version"];
    private static readonly WriteForm EraseForm = new(StatusCodes.Status200OK, JsonBody.MediaType, "dryRun");
    private static readonly WriteForm StatusForm = new(StatusCodes.Status200OK, JsonBody.MediaType, "dryRun");
    private static readonly WriteForm RestoreForm = new(StatusCodes.Status200OK, MediaType: null, "dryRun");
    private static readonly WriteForm RevertForm = new(StatusCodes.Status200OK, JsonBody.MediaType, "dryRun", "force");

    public static void MapOrderActions(this IEndpointRouteBuilder routes)
    {
        var order = routes.MapGroup("/orders/{id}").WithTags("Orders");
        order.MapPost("status", ChangeStatusAsync)
            .WithName("changeStatus").WithSummary("Move an order on in its life")
            .WithDescription("placed → confirmed → completed; placed or confirmed → cancelled.")
            .WithMetadata(
                new RequiredScope(Scopes.OrdersWrite), Described.OrderId, Described.IfMatch, Described.DryRun,
                Described.IdempotencyKey,
                new TakesBody(typeof(StatusRequest), JsonBody.MediaType))
            .CanRefuse(404, 409, 412, 413, 415, 422, 428);
        order.MapPost("restore", RestoreAsync)
            .WithName("restoreOrder").WithSummary("Bring a deleted order back")
            .WithMetadata(
                new RequiredScope(Scopes.OrdersDelete), Described.OrderId, Described.IfMatch, Described.DryRun,
                Described.IdempotencyKey,
                new TakesBody(typeof(RestoreRequest), JsonBody.MediaType) { IsOptional = true })
            .CanRefuse(404, 409, 412, 413, 415, 422, 428);
        MapErase(order);
        order.MapPost("revert", RevertAsync)
            .WithName("revertOrder").WithSummary("Give an order the content of an earlier version again")
            .WithMetadata(
                new RequiredScope(Scopes.OrdersWrite), Described.OrderId, Described.IfMatch, Described.DryRun,
                Described.Force, Described.IdempotencyKey, new TakesBody(typeof(RevertRequest), JsonBody.MediaType))
            .CanRefuse(404, 409, 412, 413, 415, 422, 428);
    }

    private static void MapErase(RouteGroupBuilder order) =>
        order.MapPost("erase", EraseAsync)
            .WithName("eraseOrder").WithSummary("Erase what is personal of an order, in every version")
            .WithDescription(
                "customer and notes can't be read again by anybody, in no version, event or replay: they are null. "
                + "Totals and history stay, and the log can still be verified. Deleted orders can be erased, too.")
            .WithMetadata(
                new RequiredScope(Scopes.OrdersErase), Described.OrderId, Described.IfMatch, Described.DryRun,
                Described.IdempotencyKey, new TakesBody(typeof(EraseRequest), JsonBody.MediaType))
            .CanRefuse(404, 409, 412, 413, 415, 422, 428);

    private static Task<Results<OrderWritten, Refused>> EraseAsync(
        string id, HttpContext http, EraseOrder erase, IdempotentWrite once, OrderDisplay display) =>
        RunAsync(id, http, once, display, EraseForm,
            body => ReasonInput.Read(body, EraseFields, "reason"), erase.RunAsync);

    private static Task<Results<OrderWritten, Refused>> ChangeStatusAsync(
        string id, HttpContext http, ChangeStatus change, IdempotentWrite once, OrderDisplay display) =>
        RunAsync(id, http, once, display, StatusForm,
            body => ReasonInput.Read(body, StatusFields, "status"), change.RunAsync);

    private static Task<Results<OrderWritten, Refused>> RestoreAsync(
        string id, HttpContext http, RestoreOrder restore, IdempotentWrite once, OrderDisplay display) =>
        RunAsync(id, http, once, display, RestoreForm,
            body => ReasonInput.Read(body, RestoreFields), restore.RunAsync);

    private static Task<Results<OrderWritten, Refused>> RevertAsync(
        string id, HttpContext http, RevertOrder revert, IdempotentWrite once, OrderDisplay display) =>
        RunAsync(id, http, once, display, RevertForm,
            body => ReasonInput.Read(body, RevertFields, "to", "reason"), revert.RunAsync);

    private static async Task<Results<OrderWritten, Refused>> RunAsync(
        string id, HttpContext http, IdempotentWrite once, OrderDisplay display, WriteForm form,
        Func<JsonElement, ReasonInput> read, Func<ChangeTarget, ReasonInput, Caller, Task<Result<WrittenOrder>>> run) =>
        (await WriteFlow.RunAsync(id, http, once, form, read, run)).IsRefused(out var problem, out var written)
            ? new Refused(problem)
            : new OrderWritten(written, display);
}
