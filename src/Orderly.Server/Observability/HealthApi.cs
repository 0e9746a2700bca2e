using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
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
internal sealed record HealthCheck(string Name, bool Ok, string Detail)
{
    /// <summary>Whether nothing can be served without it.</summary>
    [JsonIgnore]
    public bool IsNeeded { get; init; }
}

/// <summary>The addresses that tell whether the process lives and whether it can serve.</summary>
internal static class HealthApi
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/health").WithTags("Health").WithMetadata(new AlwaysAdmitted());
        health.MapMethods("live", Described.ReadMethods, Live)
            .WithName("isLive").WithSummary("Whether the process lives")
            .WithDescription("Asks nothing of the database: an answer at all is the answer.")
            .WithMetadata(new OpenToAll(), new Gives(200, "The process lives."));
        health.MapMethods("ready", Described.ReadMethods, ReadyAsync)
            .WithName("isReady").WithSummary("Whether the service can serve")
            .WithDescription("`degraded`: it serves, but not everything; as long as the database only reads, writes "
                + "are refused, and while the feed lags behind, its readers are told later. With a key that has "
                + "`audit:read` the checks are listed, too.")
            .WithMetadata(
                new OpenToAll { ShowsMoreWithKey = true }, new Gives(200, "The service can serve, all or a part."));
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
        var maySeeDetails = await MaySeeDetailsAsync(http, keys);
        if (checks.FirstOrDefault(check => check is { Ok: false, IsNeeded: true }) is { } failed)
        {
            return new Refused(new Problem(ProblemCode.DatabaseUnavailable,
                $"The check \"{failed.Name}\" failed{(maySeeDetails ? $": {failed.Detail}" : ".")}"));
        }

        var status = checks.All(check => check.Ok) ? "ready" : "degraded";
        return TypedResults.Ok(new Health(status, maySeeDetails ? checks : null));
    }

    private static async Task<bool> MaySeeDetailsAsync(HttpContext http, KeyRing keys) =>
        ApiKeyGate.ReadKey(http.Request) is { } key
        && await keys.FindDespiteLossAsync(key, http.RequestAborted) is { } known
        && known.IsAllowedFrom(http.Connection.RemoteIpAddress)
        && known.Caller.Scopes.Contains(Scopes.AuditRead);
}
