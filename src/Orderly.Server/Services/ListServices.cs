using Orderly.Server.Http;

namespace Orderly.Server.Services;

/// <summary>One page of service records, and which members of them the caller wants to see; null: all.</summary>
internal sealed record ServiceList(Paged<Service> Page, FieldSelection? Fields);

/// <summary>Lists service records, page by page.</summary>
internal sealed class ListServices(ServiceStore services)
{
    public const string Id = "id";
    public const string Name = "name";
    public const string CreatedAt = "createdAt";
    public const string UpdatedAt = "updatedAt";
    public const string DefaultSort = Id;

    public static readonly IReadOnlyList<string> SortFields = [Id, Name, CreatedAt, UpdatedAt];

    private static readonly string[] Parameters =
        [PageInput.Limit.Name, PageInput.After.Name, PageInput.Count.Name, "sort", "active", "fields"];

    public async Task<Result<ServiceList>> RunAsync(HttpRequest request, CancellationToken stop)
    {
        var query = QueryInput.Read(request, Parameters);
        var active = query.Bool("active");
        var sort = Sort.Read(query, SortFields, DefaultSort);
        var size = PageInput.Size(query);
        var isCounted = PageInput.CountsExactly(query) is not null;
        var fields = FieldSelection.Read(query, ServiceDocument.Fields);
        var name = $"services|{sort}|active={active}";
        var after = PageInput.Position(query, name, ServicePosition.Parse);
        if (query.ToProblem() is { } problem)
        {
            return problem;
        }

        var found = await services.ListAsync(size + 1, sort, after, active, stop);
        var page = PageInput.Cut(found, size, name, service => ServicePosition.Of(service, sort).Format());
        page = isCounted
            ? await page.CountedAsync(isFirst: after is null, () => services.CountAsync(active, stop))
            : page;
        return new ServiceList(page, fields);
    }
}
