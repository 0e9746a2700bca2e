using Microsoft.AspNetCore.Http.HttpResults;
using Orderly.Server.Http;

namespace Orderly.Server.Access;

/// <summary>The address of what was done with powers that need watching.</summary>
internal static class AuditApi
{
    public static void MapAudit(this IEndpointRouteBuilder routes) =>
        routes.MapMethods("/audit", Described.ReadMethods, ListAsync).WithTags("Audit")
            .WithName("listAudit").WithSummary("List what was done with powers that need watching, the newest first")
            .WithDescription(
                "Keys made, changed, rotated and revoked; updates forced; personal data revealed and erased. Entries "
                + "are only ever added.")
            .WithMetadata(
                new RequiredScope(Scopes.AuditRead),
                PageInput.Limit, PageInput.After,
                new TakesParameter("type", "string", "Only entries of this type.")
                {
                    LengthMax = 50, Pattern = "^[a-z]+[.][a-z]+$",
                },
                new TakesParameter("actor", "string", "Only what this key or person did.")
                {
                    LengthMax = ListAudit.IdLengthMax,
                },
                new TakesParameter("subject", "string", "Only what was done to this key or order, also where a "
                    + "page showed it among others. What a stream shows is recorded as a number only.")
                {
                    LengthMax = ListAudit.IdLengthMax,
                },
                Described.Time("from", "Only entries from this instant on (RFC 3339)."),
                Described.Time("to", "Only entries before this instant (RFC 3339)."));

    private static async Task<Results<AuditPage, Refused>> ListAsync(HttpContext http, ListAudit list) =>
        (await list.RunAsync(http.Request, Caller.Of(http), http.RequestAborted))
        .IsRefused(out var problem, out var page)
            ? new Refused(problem)
            : new AuditPage(page);
}
