using System.Globalization;
using Orderly.Contract.Problems;
using Orderly.Server.Http;

namespace Orderly.Server.Access;

/// <summary>Lists what was done with powers that need watching, the newest first.</summary>
internal sealed class ListAudit(AuditStore audit)
{
    public const int IdLengthMax = 200;

    public async Task<Result<Paged<AuditRow>>> RunAsync(HttpRequest request, Caller caller, CancellationToken stop)
    {
        var query = QueryInput.Read(
            request, PageInput.Limit.Name, PageInput.After.Name, "type", "actor", "subject", "from", "to");
        var pageSize = PageInput.Size(query);
        var filter = new AuditFilter(
            caller.OnlyTeam, ReadType(query), ReadId(query, "actor"), ReadId(query, "subject"),
            query.Instant("from"), query.Instant("to"));
        var cursorName = $"audit|{filter}";
        var after = PageInput.Position(query, cursorName, ParsePosition);
        if (query.ToProblem() is { } problem)
        {
            return problem;
        }

        var found = await audit.ListAsync(pageSize + 1, after, filter, stop);
        return PageInput.Cut(found, pageSize, cursorName,
            row => [PageInput.KeyOf(row.At), row.Note.Id.ToString("D")]);
    }

    private static string? ReadType(QueryInput query)
    {
        if (query.Text("type") is not { } type || AuditTypes.All.Contains(type, StringComparer.Ordinal))
        {
            return query.Text("type");
        }

        query.Faults.AddParameter(ProblemCode.InvalidParameter, "type",
            $"\"type\" is one of {string.Join(", ", AuditTypes.All)}.{Suggestion.For(type, AuditTypes.All)}");
        return null;
    }

    private static string? ReadId(QueryInput query, string name)
    {
        if (query.Text(name) is not { } id || id.Length is > 0 and <= IdLengthMax && id.All(char.IsAscii)
            && !id.Contains('\0', StringComparison.Ordinal))
        {
            return query.Text(name);
        }

        query.Faults.AddParameter(ProblemCode.InvalidParameter, name, $"\"{name}\" is the id of a key or an order.");
        return null;
    }

    private static AuditPosition? ParsePosition(string[] texts) =>
        texts is [var ticks, var id]
        && PageInput.InstantOf(ticks) is { } at && Guid.TryParseExact(id, "D", out var auditId)
            ? new AuditPosition(at, auditId)
            : null;
}
