using Microsoft.AspNetCore.Http.HttpResults;
using Orderly.Contract.Services;
using Orderly.Server.Access;
using Orderly.Server.Changes;
using Orderly.Server.Http;

namespace Orderly.Server.Services;

/// <summary>The addresses of service records.</summary>
internal static class ServicesApi
{
    private static readonly TakesPath Id = new("id", "The id of the service record, chosen by its creator.")
    {
        Pattern = ServiceInput.IdPattern, LengthMax = ServiceInput.IdLengthMax, Example = "deep-clean",
    };

    public static void MapServices(this IEndpointRouteBuilder routes)
    {
        var services = routes.MapGroup("/services").WithTags("Services");
        services.MapMethods("", Described.ReadMethods, ListAsync)
            .WithName("listServices").WithSummary("List service records")
            .WithMetadata(
                new RequiredScope(Scopes.ServicesRead),
                PageInput.Limit, PageInput.After, PageInput.Count,
                Sort.Described(ListServices.SortFields, ListServices.DefaultSort),
                new TakesParameter("active", "boolean", "Only active ones, or only retired ones."),
                FieldSelection.Described(ServiceDocument.Fields));
        services.MapMethods("{id}", Described.ReadMethods, GetAsync)
            .WithName("getService").WithSummary("Read a service record")
            .WithMetadata(
                new RequiredScope(Scopes.ServicesRead),
                Id, Described.IfNoneMatch)
            .CanRefuse(404);
        services.MapPut("{id}", PutAsync)
            .WithName("putService").WithSummary("Create or replace a service record")
            .WithMetadata(
                new RequiredScope(Scopes.ServicesWrite), Id, Described.IfMatch, Described.IfNew, Described.DryRun,
                new TakesBody(typeof(ServiceRequest), JsonBody.MediaType))
            .CanRefuse(404, 412, 413, 415, 422);
        services.MapPatch("{id}", PatchAsync)
            .WithName("patchService").WithSummary("Change some fields of a service record (RFC 7396)")
            .WithMetadata(
                new RequiredScope(Scopes.ServicesWrite), Id, Described.IfMatch, Described.DryRun,
                Described.IdempotencyKey, new TakesBody(typeof(ServicePatch), JsonBody.MergePatchMediaType))
            .CanRefuse(404, 409, 412, 413, 415, 422);
        services.MapDelete("{id}", RetireAsync)
            .WithName("retireService").WithSummary("Retire a service record")
            .WithDescription("The record stays, since past orders name it; new orders can't.")
            .WithMetadata(new RequiredScope(Scopes.ServicesWrite), Id, Described.IfMatch, Described.DryRun,
                new Gives(204, "The record is retired."))
            .CanRefuse(404, 412);
    }

    private static async Task<Results<ServicePage, Refused>> ListAsync(HttpContext http, ListServices list) =>
        (await list.RunAsync(http.Request, http.RequestAborted)).IsRefused(out var problem, out var page)
            ? new Refused(problem)
            : new ServicePage(page);

    private static async Task<Results<ServiceFound, NotModified, Refused>> GetAsync(
        string id, HttpContext http, ServiceStore services)
    {
        if (QueryInput.RefuseAny(http.Request) is { } query)
        {
            return new Refused(query);
        }

        if (!ServiceInput.IsId(id) || await services.FindAsync(id, http.RequestAborted) is not { } service)
        {
            return new Refused(PutService.NotFound(id));
        }

        return Precondition.IsKnown(http.Request, service.Version)
            ? new NotModified(service.Version)
            : new ServiceFound(service);
    }

    private static async Task<Results<ServiceReplaced, ServiceCreated, Refused>> PutAsync(
        string id, HttpContext http, PutService put)
    {
        var result = await WriteAsync(id, http, isPatch: false, (write, input, _) => put.RunAsync(write, input));
        if (result.IsRefused(out var problem, out var written))
        {
            return new Refused(problem);
        }

        return written.IsNew ? new ServiceCreated(id, written) : new ServiceReplaced(written);
    }

    private static async Task<Results<ServicePatched, Refused>> PatchAsync(
        string id, HttpContext http, PutService put)
    {
        var result = await WriteAsync(id, http, isPatch: true, put.PatchAsync);
        return result.IsRefused(out var problem, out var written) ? new Refused(problem) : new ServicePatched(written);
    }

    /// <summary>What PUT and PATCH have in common: read all of the request, then do it.</summary>
    private static async Task<Result<ServiceWritten>> WriteAsync(
        string id, HttpContext http, bool isPatch,
        Func<ServiceWrite, ServiceInput, IdempotencyClaim, Task<Result<ServiceWritten>>> run)
    {
        var mediaType = isPatch ? JsonBody.MergePatchMediaType : JsonBody.MediaType;
        var query = QueryInput.Read(http.Request, Described.DryRun.Name);
        var isDryRun = query.Bool(Described.DryRun.Name) ?? false;
        if ((await WriteMessage.ReadAsync(http, mediaType, StatusCodes.Status200OK, query.Faults))
            .IsRefused(out var unread, out var message))
        {
            return unread;
        }

        using (message)
        {
            var input = ServiceInput.Read(message.Body, isPatch);
            input.Faults.Add(query.Faults);
            var precondition = message.Precondition.With(input.Version, input.Faults);
            return input.Faults.ToUnreadableProblem() is { } unreadable
                ? unreadable
                : await run(
                    new ServiceWrite(id, precondition, Caller.Of(http), isDryRun), input, message.Claim.For(isDryRun));
        }
    }

    private static async Task<Results<NoContent, Refused>> RetireAsync(string id, HttpContext http, PutService put)
    {
        var query = QueryInput.Read(http.Request, Described.DryRun.Name);
        var isDryRun = query.Bool(Described.DryRun.Name) ?? false;
        var precondition = Precondition.Read(http.Request, query.Faults);
        if (query.ToProblem() is { } unreadable)
        {
            return new Refused(unreadable);
        }

        var write = new ServiceWrite(id, precondition, Caller.Of(http), isDryRun);
        return (await put.RetireAsync(write)).IsRefused(out var problem, out _)
            ? new Refused(problem)
            : TypedResults.NoContent();
    }
}
