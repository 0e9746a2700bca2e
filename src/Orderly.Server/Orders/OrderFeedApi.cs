using Microsoft.AspNetCore.Http.HttpResults;
using Orderly.Server.Access;
using Orderly.Server.Configuration;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>The address of the feed of changes.</summary>
internal static class OrderFeedApi
{
    private const int TypesLengthMax = 200;

    public static void MapOrderFeed(this IEndpointRouteBuilder routes) =>
        routes.MapMethods("/changes", Described.ReadMethods, ReadAsync).WithTags("Changes")
            .WithName("listChanges").WithSummary("Every change of every order, in order and without gaps")
            .WithDescription(
                "CloudEvents 1.0. With Accept: text/event-stream the events are sent as they come; Last-Event-ID "
                + "goes on after one.")
            .WithMetadata(
                new RequiredScope(Scopes.ChangesRead), new WaitsMostly(),
                new TakesParameter("after", "string", "next of the answer before; left out: from the start.")
                {
                    LengthMax = Database.Cursor.LengthMax, Pattern = PageInput.After.Pattern,
                },
                new TakesHeader("Last-Event-ID", "For event streams: the id of the last event; counts more than after.")
                {
                    Pattern = PageInput.After.Pattern!, Example = "AVdVdQ69cEk1AAAAAAAAAAE",
                },
                Described.Limit(ReadFeed.PageSizeMax, ReadFeed.PageSizeDefault),
                new TakesParameter("wait", "integer", "How many seconds to wait where there is nothing yet.")
                {
                    Minimum = 0, Maximum = ReadFeed.WaitMaxSeconds, Default = 0,
                },
                new TakesParameter("type", "string", "Only these types of events, separated by commas.")
                {
                    LengthMax = TypesLengthMax, Pattern = "^[a-z.,-]+$",
                })
            .CanRefuse(410);

    private static async Task<Results<EventPage, EventStream, Refused>> ReadAsync(
        HttpContext http, ReadFeed feed, OrderDisplay display, CallerWatch callers, ChangeSettings settings,
        IHostApplicationLifetime host)
    {
        if ((await feed.PrepareAsync(http.Request, Caller.Of(http))).IsRefused(out var problem, out var query))
        {
            return new Refused(problem);
        }

        var stopping = host.ApplicationStopping;
        if (ListFormat.Events.IsNamedBefore(ListFormat.Json, http.Request))
        {
            return new EventStream(feed, query, display, callers, settings.HeartbeatEvery, stopping);
        }

        return query.Wait > TimeSpan.Zero
            ? await WaitAsync(http, feed, query, display, callers, stopping)
            : new EventPage(await feed.ReadAsync(query, http.RequestAborted, stopping), display);
    }

    /// <summary>
    /// A page as soon as there is one. A caller whose key ended meanwhile is told so; one whose key may do less than
    /// before is sent back to where it was, to ask again.
    /// </summary>
    private static async Task<Results<EventPage, EventStream, Refused>> WaitAsync(
        HttpContext http, ReadFeed feed, FeedQuery query, OrderDisplay display, CallerWatch callers,
        CancellationToken stopping)
    {
        await using var caller = callers.Begin(http, CancellationToken.None);
        try
        {
            var batch = await feed.ReadAsync(query, caller.Stop, stopping);
            if (await caller.MayGoOnAsync())
            {
                return new EventPage(batch, display);
            }
        }
        catch (OperationCanceledException) when (caller.HasLapsed)
        {
            // What was waited for is not for this caller any more.
        }

        return await caller.RefusalAsync() is { } refusal
            ? new Refused(refusal)
            : new EventPage(new FeedBatch([], query.After), display);
    }
}
