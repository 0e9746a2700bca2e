using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Orderly.Contract.Orders;
using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>The addresses of an order's history. It can be read of deleted orders, too.</summary>
internal static class OrderHistoryApi
{
    public static void MapOrderHistory(this IEndpointRouteBuilder routes)
    {
        var history = routes.MapGroup("/orders/{id}/revisions").WithTags("History");
        history.MapMethods("", Described.ReadMethods, ListAsync)
            .WithName("listRevisions").WithSummary("List the versions of an order, the first first")
            .WithMetadata(
                new RequiredScope(Scopes.OrdersRead), Described.OrderId, PageInput.Limit, PageInput.After)
            .CanRefuse(404);
        history.MapMethods("{version}", Described.ReadMethods, GetAsync)
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
        string id, HttpContext http, OrderStore orders, RevisionStore revisions, OrderDisplay display)
    {
        var query = QueryInput.Read(http.Request, PageInput.Limit.Name, PageInput.After.Name);
        var pageSize = PageInput.Size(query);
        var cursorName = $"revisions|{id}";
        var last = PageInput.Position(query, cursorName, RevisionPosition.Parse)?.Version ?? 0;
        if (query.ToProblem() is { } problem)
        {
            return new Refused(problem);
        }

        if (!OrderId.TryParse(id, out var orderId) || await orders.FindAsync(orderId, Caller.Of(http)) is not { } order)
        {
            return new Refused(OrderStore.NotFound(id));
        }

        // The one before tells what the first of the page changed.
        var before = last > 0 ? 1 : 0;
        var found = await revisions.ListAsync(orderId, Math.Max(1, last), pageSize + before + 1);
        var steps = found.Skip(before)
            .Select((revision, i) => new RevisionStep(revision, i + before > 0 ? found[i + before - 1] : null))
            .ToList();
        var page = PageInput.Cut(
            steps, pageSize, cursorName, step => RevisionPosition.Format(step.Revision.Version),
            RevisionStore.EndsEarly(found));
        return new RevisionPage(order, page, display);
    }

    private static async Task<Results<RevisionFound, Refused>> GetAsync(
        string id, string version, HttpContext http, OrderStore orders, RevisionStore revisions, OrderDisplay display)
    {
        if (QueryInput.RefuseAny(http.Request) is { } query)
        {
            return new Refused(query);
        }

        if (!OrderId.TryParse(id, out var orderId) || await orders.FindAsync(orderId, Caller.Of(http)) is not { } order)
        {
            return new Refused(OrderStore.NotFound(id));
        }

        if (!int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || version.StartsWith('0')
            || await revisions.FindAsync(orderId, number) is not { } revision)
        {
            return new Refused(new Problem(ProblemCode.RevisionNotFound,
                $"The order has the versions 1 to {order.Version}; {Suggestion.Quote(version)} is not one of them."));
        }

        if (revision.Personal.IsUnreadable)
        {
            return new Refused(OrderStore.Unreadable(orderId));
        }

        var before = number == 1 ? null : await revisions.FindAsync(orderId, number - 1);
        return new RevisionFound(new RevisionStep(revision, before), revision.On(order), display);
    }

    /// <summary>Where a page of versions goes on: behind this one.</summary>
    private sealed record RevisionPosition(int Version)
    {
        public static string[] Format(int version) => [version.ToString(CultureInfo.InvariantCulture)];

        public static RevisionPosition? Parse(string[] texts) =>
            texts is [var text]
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version > 0
                ? new RevisionPosition(version)
                : null;
    }
}
