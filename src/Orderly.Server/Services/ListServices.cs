using System.Text;
using Orderly.Contract.Problems;
using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Services;

/// <summary>One page of service records and the cursor of the next.</summary>
internal sealed record ServiceList(IReadOnlyList<Service> Services, string? Next);

/// <summary>Lists service records by id.</summary>
internal sealed class ListServices(ServiceStore services)
{
    public const int PageSizeMax = 500;
    public const int PageSizeDefault = 50;

    public async Task<Result<ServiceList>> RunAsync(HttpRequest request, CancellationToken stop)
    {
        var query = QueryInput.Read(request, "limit", "cursor", "active");
        var pageSize = query.WholeNumber("limit", 1, PageSizeMax, PageSizeDefault);
        var active = query.Bool("active");
        var cursorName = $"services|sort=id|active={active}";
        var after = ReadCursor(query, cursorName);
        if (query.ToProblem() is { } problem)
        {
            return problem;
        }

        // One more than asked for tells whether there is a next page.
        var found = await services.ListAsync(pageSize + 1, after, active, stop);
        if (found.Count <= pageSize)
        {
            return new ServiceList(found, Next: null);
        }

        found.RemoveAt(pageSize);
        return new ServiceList(found, Cursor.Make(cursorName, Encoding.ASCII.GetBytes(found[^1].Id)));
    }

    private static string ReadCursor(QueryInput query, string cursorName)
    {
        if (query.Text("cursor") is not { } text)
        {
            return "";
        }

        if (Cursor.Read(cursorName, text) is { } key
            && Encoding.ASCII.GetString(key) is var id && ServiceInput.IsId(id))
        {
            return id;
        }

        query.Faults.AddParameter(ProblemCode.InvalidCursor, "cursor",
            "The cursor is not one that this list gave, or was made with another filter.");
        return "";
    }
}
