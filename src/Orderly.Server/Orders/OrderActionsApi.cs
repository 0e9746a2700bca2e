using Microsoft.AspNetCore.Http.HttpResults;
using Orderly.Contract.Orders;
using Orderly.Server.Access;
using Orderly.Server.Configuration;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>The addresses of what is done to an order beside changing its content.</summary>
internal static class OrderActionsApi
{
    private static readonly string[] StatusFields = ["status", "reason", "version"];
    private static readonly string[] RestoreFields = ["reason", "version"];
    private static readonly string[] RevertFields = ["to", "reason", "version"];

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
        order.MapPost("revert", RevertAsync)
            .WithName("revertOrder").WithSummary("Give an order the content of an earlier version again")
            .WithMetadata(
                new RequiredScope(Scopes.OrdersWrite), Described.OrderId, Described.IfMatch, Described.DryRun,
                Described.Force, Described.IdempotencyKey, new TakesBody(typeof(RevertRequest), JsonBody.MediaType))
            .CanRefuse(404, 409, 412, 413, 415, 422, 428);
    }

    private static Task<Results<OrderWritten, Refused>> ChangeStatusAsync(
        string id, HttpContext http, ChangeStatus change, IdempotentWrite once, OrderSettings settings) =>
        RunAsync(id, http, once, settings, JsonBody.MediaType, ["dryRun"],
            request => ReasonInput.Read(request.Body, StatusFields, "status"),
            (target, input, caller) => change.RunAsync(target, input, caller));

    private static Task<Results<OrderWritten, Refused>> RestoreAsync(
        string id, HttpContext http, RestoreOrder restore, IdempotentWrite once, OrderSettings settings) =>
        RunAsync(id, http, once, settings, mediaType: null, ["dryRun"],
            request => ReasonInput.Read(request.Body, RestoreFields),
            (target, input, caller) => restore.RunAsync(target, input, caller));

    private static Task<Results<OrderWritten, Refused>> RevertAsync(
        string id, HttpContext http, RevertOrder revert, IdempotentWrite once, OrderSettings settings) =>
        RunAsync(id, http, once, settings, JsonBody.MediaType, ["dryRun", "force"],
            request => ReasonInput.Read(request.Body, RevertFields, "to", "reason"),
            (target, input, caller) => revert.RunAsync(target, input, caller));

    /// <summary>What the three have in common: read all of the request, find the order, do it once, answer.</summary>
    private static async Task<Results<OrderWritten, Refused>> RunAsync(
        string id, HttpContext http, IdempotentWrite once, OrderSettings settings, string? mediaType,
        string[] parameters, Func<WriteRequest, ReasonInput> read,
        Func<ChangeTarget, ReasonInput, Caller, Task<Result<WrittenOrder>>> run)
    {
        if ((await WriteRequest.ReadAsync(http, mediaType, StatusCodes.Status200OK, parameters))
            .IsRefused(out var unread, out var request))
        {
            return new Refused(unread);
        }

        using (request)
        {
            var input = read(request);
            input.Faults.Add(request.Faults);
            if (input.Faults.ToUnreadableProblem() is { } unreadable)
            {
                return new Refused(unreadable);
            }

            if (request.Target(id, input.Version).IsRefused(out var absent, out var target))
            {
                return new Refused(absent);
            }

            var result = await once.RunAsync(request.Claim,
                claim => run(target.With(claim), input, request.Caller));
            return result.IsRefused(out var problem, out var answer)
                ? new Refused(problem)
                : new OrderWritten(answer, settings.UpdatableAfter);
        }
    }
}
