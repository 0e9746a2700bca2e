using System.Buffers.Binary;
using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Orderly.Contract.Orders;
using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Configuration;
using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>The addresses of an order's history. It can be read of deleted orders, too.</summary>
internal static class OrderHistoryApi
{
    private const int PageSizeMax = 500;
    private const int PageSizeDefault = 50;
    private static readonly string[] Read = [HttpMethods.Get, HttpMethods.Head];

    public static void MapOrderHistory(this IEndpointRouteBuilder routes)
    {
        var history = routes.MapGroup("/orders/{id}/revisions").WithTags("History");
        history.MapMethods("", Read, ListAsync)
            .WithName("listRevisions").WithSummary("List the versions of an order, the first first")
            .WithMetadata(
                new RequiredScope(Scopes.OrdersRead), Described.OrderId, Described.Limit(PageSizeMax, PageSizeDefault),
                QueryInput.CursorParameter)
            .CanRefuse(404);
        history.MapMethods("{version}", Read, GetAsync)
            .WithName("getRevision").WithSummary("Read one version of an order, with the whole order")
            .WithMetadata(
                new RequiredScope(Scopes.OrdersRead), Described.OrderId,
                new TakesPath("version", "The number of the version.")
                {
                    Pattern = "^[1-9][0-9]{0,9}$", LengthMax = 10, Example = "7",
                })
            .CanRefuse(404);
    }

    private static async Task<Results<RevisionPage, Refused>> ListAsync(
        string id, HttpContext http, OrderStore orders, RevisionStore revisions, OrderSettings settings)
    {
        var query = QueryInput.Read(http.Request, "limit", "cursor");
        var pageSize = query.WholeNumber("limit", 1, PageSizeMax, PageSizeDefault);
        var cursorName = $"revisions|{id}";
        var first = ReadCursor(query, cursorName);
        if (query.ToProblem() is { } problem)
        {
            return new Refused(problem);
        }

        if (!OrderId.TryParse(id, out var orderId) || await orders.FindAsync(orderId) is null)
        {
            return new Refused(OrderStore.NotFound(id));
        }

        // One before tells what the first of the page changed, one more tells whether there is a next page.
        var before = first > 1 ? 1 : 0;
        var found = await revisions.ListAsync(orderId, first - before, pageSize + before + 1);
        var steps = found.Skip(before).Take(pageSize)
            .Select((revision, i) => new RevisionStep(revision, i + before > 0 ? found[i + before - 1] : null))
            .ToList();
        var next = found.Count > pageSize + before ? MakeCursor(cursorName, found[pageSize + before].Version) : null;
        return new RevisionPage(steps, next, settings.UpdatableAfter);
    }

    private static async Task<Results<RevisionFound, Refused>> GetAsync(
        string id, string version, HttpContext http, OrderStore orders, RevisionStore revisions, OrderSettings settings)
    {
        if (QueryInput.RefuseAny(http.Request) is { } query)
        {
            return new Refused(query);
        }

        if (!OrderId.TryParse(id, out var orderId) || await orders.FindAsync(orderId) is not { } order)
        {
            return new Refused(OrderStore.NotFound(id));
        }

        if (!int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1
            || await revisions.FindAsync(orderId, number) is not { } revision)
        {
            return new Refused(new Problem(ProblemCode.RevisionNotFound,
                $"The order has the versions 1 to {order.Version}; {Suggestion.Quote(version)} is not one of them."));
        }

        var before = number == 1 ? null : await revisions.FindAsync(orderId, number - 1);
        return new RevisionFound(new RevisionStep(revision, before), revision.On(order), settings.UpdatableAfter);
    }

    private static string MakeCursor(string cursorName, int version)
    {
        Span<byte> key = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(key, version);
        return Cursor.Make(cursorName, key);
    }

    private static int ReadCursor(QueryInput query, string cursorName)
    {
        if (query.Text("cursor") is not { } text)
        {
            return 1;
        }

        if (Cursor.Read(cursorName, text) is { Length: sizeof(int) } key)
        {
            return BinaryPrimitives.ReadInt32BigEndian(key);
        }

        query.Faults.AddParameter(ProblemCode.InvalidCursor, "cursor", "The cursor is not one that this list gave.");
        return 1;
    }
}
