using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Observability;

/// <summary>How the service is, in a word; the details are for those who may see them.</summary>
/// <param name="Status">In a word.</param>
/// <param name="Checks">What was checked; null where the caller may not see it.</param>
internal sealed record Health(string Status, IReadOnlyList<HealthCheck>? Checks);

/// <summary>How one thing is that the service needs.</summary>
/// <param name="Name">What was checked.</param>
/// <param name="Ok">Whether it is as it should be.</param>
/// <param name="Detail">How it is, for people.</param>
internal sealed record HealthCheck(string Name, bool Ok, string Detail);

/// <summary>The addresses that tell whether the process lives and whether it can serve.</summary>
internal static class HealthApi
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/health").WithTags("Health").WithMetadata(new AlwaysAdmitted());
        health.MapGet("live", Live)
            .WithName("isLive").WithSummary("Whether the process lives")
            .WithDescription("Asks nothing of the database: an answer at all is the answer.")
            .WithMetadata(new OpenToAll(), new Gives(200, "The process lives."));
        health.MapGet("ready", ReadyAsync)
            .WithName("isReady").WithSummary("Whether the service can serve")
            .WithDescription("With a key that has `audit:read` the checks are listed, too.")
            .WithMetadata(new OpenToAll { ShowsMoreWithKey = true }, new Gives(200, "The service can serve."));
    }

    private static Results<Ok<Health>, Refused> Live(HttpContext http) =>
        QueryInput.RefuseAny(http.Request) is { } query
            ? new Refused(query)
            : TypedResults.Ok(new Health("live", Checks: null));

    private static async Task<Results<Ok<Health>, Refused>> ReadyAsync(
        HttpContext http, DatabaseCheck database, KeyRing keys)
    {
        if (QueryInput.RefuseAny(http.Request) is { } query)
        {
            return new Refused(query);
        }

        var checks = await database.RunAsync(http.RequestAborted);
        if (checks.FirstOrDefault(check => !check.Ok) is { } failed)
        {
            return new Refused(new Problem(ProblemCode.DatabaseUnavailable, $"The check \"{failed.Name}\" failed."));
        }

        var maySeeDetails = ApiKeyGate.ReadKey(http.Request) is { } key
            && await keys.FindAsync(key, http.RequestAborted) is { } known
            && known.IsAllowedFrom(http.Connection.RemoteIpAddress)
            && known.Caller.Scopes.Contains(Scopes.AuditRead);
        return TypedResults.Ok(new Health("ready", maySeeDetails ? checks : null));
    }
}
