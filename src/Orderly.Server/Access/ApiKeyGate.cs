using System.Net;
using Orderly.Contract.Problems;
using Orderly.Server.Access.People;
using Orderly.Server.Http;
using Orderly.Server.Observability;

namespace Orderly.Server.Access;

/// <summary>An address that answers without a key.</summary>
internal sealed record OpenToAll
{
    /// <summary>Whether a key, though not needed, shows the caller more.</summary>
    public bool ShowsMoreWithKey { get; init; }
}

/// <summary>An address that tells how the service is, and so must answer while the database is lost, too.</summary>
internal sealed record WorksWithoutDatabase;

/// <summary>The scope that an address asks of a key.</summary>
internal sealed record RequiredScope(string Scope);

/// <summary>
/// Lets a request through only with a valid key, or the token of a person, that has the scope of the address. Stands
/// behind the router, so that even an address that does not exist, or a wrong method, is told to nobody else.
/// </summary>
internal sealed class ApiKeyGate(RequestDelegate next, KeyRing keys, BadKeys badKeys, PersonTokens? people = null)
{
    /// <summary>What a key may do in a time, and what is left of it (draft-ietf-httpapi-ratelimit-headers).</summary>
    public const string PolicyHeader = "RateLimit-Policy";
    public const string LimitHeader = "RateLimit";
    private const string Header = "X-Api-Key";
    private const string BearerPrefix = "Bearer ";

    public async Task InvokeAsync(HttpContext http)
    {
        var endpoint = http.GetEndpoint();
        if (endpoint?.Metadata.GetMetadata<OpenToAll>() is not null)
        {
            await next(http);
            return;
        }

        if ((await IdentifyAsync(http, endpoint)).IsRefused(out var unknown, out var known))
        {
            await ProblemWriter.WriteAsync(http, unknown);
            return;
        }

        known.Caller.AttachTo(http);
        var bucket = known.Buckets!.Of(RateLimits.KindOf(http.Request));
        var taken = await bucket.TakeAsync();
        http.Response.Headers[PolicyHeader] = bucket.Policy;
        http.Response.Headers[LimitHeader] = bucket.Tell(taken);
        if (Refuse(http, endpoint, known, bucket, taken) is { } refusal)
        {
            if (refusal.Code == ProblemCode.RateLimited)
            {
                Meters.RateLimited.Add(1, Meters.Label("kind", bucket.Kind));
            }

            await ProblemWriter.WriteAsync(http, refusal);
            return;
        }

        await next(http);
    }

    private async ValueTask<Result<KnownKey>> IdentifyAsync(HttpContext http, Endpoint? endpoint)
    {
        if (ReadKey(http.Request) is not { } key)
        {
            return new Problem(ProblemCode.MissingKey,
                "Send your key in the header X-Api-Key, or as Authorization: Bearer.");
        }

        var isToken = people is not null && http.Request.Headers[Header].Count == 0
            && PersonTokens.IsToken(key) && !keys.IsBootstrap(key);
        if (!isToken)
        {
            var isLossBorne = endpoint?.Metadata.GetMetadata<WorksWithoutDatabase>() is not null;
            var found = isLossBorne
                ? keys.FindDespiteLossAsync(key, http.RequestAborted)
                : keys.FindAsync(key, http.RequestAborted);
            return await found is { } known
                ? known
                : WrongKey(http.Connection.RemoteIpAddress, UnknownKey());
        }

        if (!(await people!.CheckAsync(key, http.RequestAborted)).IsRefused(out var problem, out var person))
        {
            return person;
        }

        return problem.Code == ProblemCode.TokenNotAccepted
            ? WrongKey(http.Connection.RemoteIpAddress, problem)
            : problem;
    }

    private static Problem? Refuse(
        HttpContext http, Endpoint? endpoint, KnownKey known, SharedBucket bucket, TokenTaken taken)
    {
        if (Forbid(http.Connection.RemoteIpAddress, endpoint, known) is { } forbidden)
        {
            return forbidden;
        }

        return taken.IsTaken
            ? null
            : new Problem(ProblemCode.RateLimited,
                $"{(known.Caller.Person is null ? "The key" : "You")} may do {bucket.Rule.Quota} of these requests in "
                + $"{bucket.Rule.WindowSeconds} s. Wait for {taken.RetryAfterSeconds} s.")
            {
                RetryAfterSeconds = taken.RetryAfterSeconds,
            };
    }

    private Problem WrongKey(IPAddress? address, Problem problem)
    {
        Meters.BadKeys.Add(1);
        return badKeys.Count(address) is { } seconds
            ? new Problem(ProblemCode.TooManyBadKeys,
                $"Too many wrong keys came from this address; the next is looked at in {seconds} s. "
                + "A valid key is let in.")
            {
                RetryAfterSeconds = seconds,
            }
            : problem;
    }

    public static Problem UnknownKey() =>
        new(ProblemCode.UnknownKey, "The key is not known here, was revoked, or has expired.");

    /// <summary>Why a valid key may not come in here; null: it may.</summary>
    public static Problem? Forbid(IPAddress? address, Endpoint? endpoint, KnownKey known)
    {
        if (!known.IsAllowedFrom(address))
        {
            return new Problem(ProblemCode.AddressNotAllowed,
                $"The key can't be used from {address?.ToString() ?? "here"}.");
        }

        return endpoint?.Metadata.GetMetadata<RequiredScope>() is { } required
            && !known.Caller.Scopes.Contains(required.Scope)
                ? MissingScope(known.Caller, required.Scope)
                : null;
    }

    public static Problem MissingScope(Caller caller, string scope) => new(ProblemCode.MissingScope,
        caller.Person is { } person
            ? $"Your role, {person.Role}, lacks the scope {scope}."
            : $"The key lacks the scope {scope}.")
    {
        Members = [new("scope", scope)],
    };

    /// <summary>One key, in one place: two that differ are refused rather than one of them ignored.</summary>
    public static string? ReadKey(HttpRequest request)
    {
        var own = request.Headers[Header];
        var authorization = request.Headers.Authorization.ToString();
        var bearer = authorization.StartsWith(BearerPrefix, StringComparison.OrdinalIgnoreCase)
            ? authorization[BearerPrefix.Length..].Trim()
            : null;
        if (own.Count == 0)
        {
            return bearer;
        }

        var key = own.Count == 1 ? own[0]?.Trim() ?? "" : "";
        return bearer is null || string.Equals(bearer, key, StringComparison.Ordinal) ? key : "";
    }
}
