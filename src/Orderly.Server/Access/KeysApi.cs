using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Orderly.Contract.Access;
using Orderly.Server.Changes;
using Orderly.Server.Http;

namespace Orderly.Server.Access;

/// <summary>The addresses of keys.</summary>
internal static class KeysApi
{
    public const int IdLengthMax = 36;

    private static readonly TakesPath Id = new("id", "The id of the key; not its secret.")
    {
        Pattern = "^[A-Za-z0-9-]+$", LengthMax = IdLengthMax, Example = "01a209de-90dc-7f55-a5a7-91d28fe76cf3",
    };

    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        var keys = routes.MapGroup("/keys").WithTags("Keys").WithMetadata(new RequiredScope(Scopes.KeysManage));
        keys.MapPost("", CreateAsync)
            .WithName("createKey").WithSummary("Make a key")
            .WithDescription("It can't do more, nor reach farther, than the key that makes it.")
            .WithMetadata(
                new TakesBody(typeof(KeyRequest), JsonBody.MediaType), Described.DryRun, Described.IdempotencyKey)
            .CanRefuse(409, 413, 415, 422);
        keys.MapMethods("", Described.ReadMethods, ListAsync)
            .WithName("listKeys").WithSummary("List keys, the newest first")
            .WithMetadata(
                PageInput.Limit, PageInput.After, PageInput.Count, ListKeys.RevokedParameter);
        keys.MapMethods("{id}", Described.ReadMethods, GetAsync)
            .WithName("getKey").WithSummary("Read a key, without its secret")
            .WithMetadata(Id).CanRefuse(404);
        keys.MapPatch("{id}", PatchAsync)
            .WithName("patchKey").WithSummary("Change some fields of a key (RFC 7396)")
            .WithMetadata(
                Id, Described.IfMatch, Described.DryRun, Described.IdempotencyKey,
                new TakesBody(typeof(KeyPatch), JsonBody.MergePatchMediaType))
            .CanRefuse(404, 409, 412, 413, 415, 422);
        keys.MapDelete("{id}", RevokeAsync)
            .WithName("revokeKey").WithSummary("Revoke a key at once")
            .WithDescription("Every server refuses it within a second. It stays in the list of revoked keys.")
            .WithMetadata(Id, Described.IfMatch, Described.DryRun, new Gives(204, "The key is revoked."))
            .CanRefuse(404, 409, 412);
        keys.MapPost("{id}/rotate", RotateAsync)
            .WithName("rotateKey").WithSummary("Give a key a new secret")
            .WithDescription("The secret before stays valid for the overlap; one that was to end already ends at once.")
            .WithMetadata(
                Id, Described.IfMatch, Described.DryRun, Described.IdempotencyKey,
                new TakesBody(typeof(RotateRequest), JsonBody.MediaType) { IsOptional = true })
            .CanRefuse(404, 409, 412, 413, 415, 422);
        routes.MapMethods("/me", Described.ReadMethods, GetMeAsync).WithTags("Keys")
            .WithName("getMe").WithSummary("Read the key that you send: who you are, and what you may do")
            .WithDescription(
                "Every valid key may. A person who signed in is answered in the same shape: `id` is `person:` and who "
                + "it is for the identity provider, `createdBy` that provider, and the times are those of the token.");
    }

    private static async Task<Results<KeyPage, Refused>> ListAsync(HttpContext http, ListKeys list) =>
        (await list.RunAsync(http.Request, Caller.Of(http), http.RequestAborted))
        .IsRefused(out var problem, out var page)
            ? new Refused(problem)
            : new KeyPage(page);

    private static async Task<Results<KeyFound, Refused>> GetAsync(string id, HttpContext http, KeyStore keys)
    {
        if (QueryInput.RefuseAny(http.Request) is { } query)
        {
            return new Refused(query);
        }

        return await keys.FindAsync(id, Caller.Of(http).OnlyTeam, http.RequestAborted) is { RevokedAt: null } key
            ? new KeyFound(key)
            : new Refused(KeyRules.NotFound(id));
    }

    private static async Task<Results<KeyFound, Refused>> GetMeAsync(HttpContext http, KeyStore keys)
    {
        if (QueryInput.RefuseAny(http.Request) is { } query)
        {
            return new Refused(query);
        }

        var caller = Caller.Of(http);
        if (caller.Person is { } person)
        {
            return new KeyFound(person.ToKey(caller.ReachesAllTeams));
        }

        var id = caller.KeyId;
        return await keys.FindAsync(id, onlyTeam: null, http.RequestAborted) is { } key
            ? new KeyFound(key)
            : new Refused(KeyRules.NotFound(id));
    }

    private static async Task<Results<KeyCreated, Refused>> CreateAsync(HttpContext http, CreateKey create)
    {
        var isDryRun = false;
        var result = await RunAsync("", http, JsonBody.MediaType, StatusCodes.Status201Created,
            body => KeyInput.Read(body, isPatch: false),
            (write, input) =>
            {
                isDryRun = write.IsDryRun;
                return create.RunAsync(write, input);
            });
        return result.IsRefused(out var problem, out var answer)
            ? new Refused(problem)
            : new KeyCreated(answer, isDryRun);
    }

    private static async Task<Results<KeyChanged, Refused>> PatchAsync(string id, HttpContext http, ChangeKey change) =>
        (await RunAsync(id, http, JsonBody.MergePatchMediaType, StatusCodes.Status200OK,
            body => KeyInput.Read(body, isPatch: true), change.RunAsync))
        .IsRefused(out var problem, out var answer)
            ? new Refused(problem)
            : new KeyChanged(answer);

    private static async Task<Results<KeyChanged, Refused>> RotateAsync(
        string id, HttpContext http, RotateKey rotate) =>
        (await RunAsync(id, http, mediaType: null, StatusCodes.Status200OK,
            RotateInput.ReadRotation, rotate.RunAsync))
        .IsRefused(out var problem, out var answer)
            ? new Refused(problem)
            : new KeyChanged(answer);

    private static async Task<Results<NoContent, Refused>> RevokeAsync(
        string id, HttpContext http, RevokeKey revoke) =>
        (await RunAsync(id, http, mediaType: null, StatusCodes.Status204NoContent,
            RotateInput.ReadRevocation, (write, _) => revoke.RunAsync(write)))
        .IsRefused(out var problem, out _)
            ? new Refused(problem)
            : TypedResults.NoContent();

    /// <summary>What writes have in common: read all of the request, tell all that can't be read, then run.</summary>
    private static async Task<Result<KeyAnswer>> RunAsync<TInput>(
        string id, HttpContext http, string? mediaType, int status, Func<JsonElement, TInput> read,
        Func<KeyWrite, TInput, Task<Result<KeyAnswer>>> run)
        where TInput : IWriteInput
    {
        var query = QueryInput.Read(http.Request, "dryRun");
        var isDryRun = query.Bool("dryRun") ?? false;
        if ((await WriteMessage.ReadAsync(http, mediaType, status, query.Faults))
            .IsRefused(out var unread, out var message))
        {
            return unread;
        }

        using (message)
        {
            var input = read(message.Body);
            input.Faults.Add(query.Faults);
            var precondition = message.Precondition.With(input.Version, input.Faults);
            if (input.Faults.ToUnreadableProblem() is { } unreadable)
            {
                return unreadable;
            }

            var claim = message.Claim.For(isDryRun);
            return await run(new KeyWrite(id, Caller.Of(http), precondition, isDryRun, claim), input);
        }
    }
}
