using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Changes;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>Where a reader of the feed stands and what it wants.</summary>
/// <param name="After">The position of the last event that the reader has.</param>
/// <param name="Caller">Who reads; what it does not reach is left out.</param>
/// <param name="Kinds">The kinds of changes that are wanted; null: all.</param>
internal sealed record FeedQuery(long After, int PageSize, TimeSpan Wait, Caller Caller, string[]? Kinds);

/// <summary>Some events, and the position to go on from.</summary>
internal sealed record FeedBatch(IReadOnlyList<FeedEntry> Entries, long Last);

/// <summary>Reads the feed of changes: at once, or as soon as there is something.</summary>
internal sealed class ReadFeed(OrderFeedStore feed, FeedWatch watch, TimeProvider time)
{
    public const int PageSizeMax = 500;
    public const int PageSizeDefault = 50;
    public const int WaitMaxSeconds = 30;

    /// <summary>
    /// So much of the feed is looked through at a time for what is wanted of it: a moment, also from the disk.
    /// </summary>
    private const int SearchStep = 1_000;

    /// <summary>A page of few or no events comes after so long; its token tells how far the search came.</summary>
    private const int SearchSeconds = 1;

    private const string LastEventIdHeader = "Last-Event-ID";

    public async Task<Result<FeedQuery>> PrepareAsync(HttpRequest request, Caller caller)
    {
        var query = QueryInput.Read(request, "after", "limit", "wait", "type");
        var pageSize = query.WholeNumber("limit", 1, PageSizeMax, PageSizeDefault);
        var waitSeconds = query.WholeNumber("wait", 0, WaitMaxSeconds, 0);
        var kinds = ReadKinds(query);
        // A browser that connects again says where it stopped; that is newer than what its address says.
        var header = request.Headers[LastEventIdHeader];
        var token = header.Count > 0 ? header.ToString() : query.Text("after");
        var given = token is null ? null : FeedToken.Read(token);
        var isReadable = token is null || given is not null;
        var isRefused = !isReadable || query.Faults.ToProblem() is not null;

        // Nothing is asked of the database for a query that is refused without it.
        var bounds = isRefused ? new FeedBounds(Last: 0, Forgotten: 0) : await watch.BoundsAsync();
        var after = given ?? bounds.Forgotten;
        if (!isReadable || (!isRefused && after > bounds.Last))
        {
            query.Faults.AddParameter(ProblemCode.InvalidToken, header.Count > 0 ? LastEventIdHeader : "after",
                "The token is not one that this feed gave.");
        }

        if (query.ToProblem() is { } problem)
        {
            return problem;
        }

        return after < bounds.Forgotten
            ? new Problem(ProblemCode.TokenExpired, "Events behind this token are no longer kept. Read the orders "
                + "anew; without a token the feed begins with the oldest event that is kept.")
            : new FeedQuery(after, pageSize, TimeSpan.FromSeconds(waitSeconds), caller, kinds);
    }

    /// <summary>
    /// The next events. Waits for the first where there is none yet, as long as the reader wants: events that it does
    /// not want give it no more time.
    /// </summary>
    /// <param name="query">Where the reader stands.</param>
    /// <param name="stop">Ends it without an answer.</param>
    /// <param name="stopping">Ends the waiting: there is an answer, without events.</param>
    public async Task<FeedBatch> ReadAsync(FeedQuery query, CancellationToken stop, CancellationToken stopping)
    {
        var start = time.GetTimestamp();
        var batch = await ReadNowAsync(query, stop);
        while (batch.Entries.Count == 0)
        {
            var left = query.Wait - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero || !await watch.WaitBeyondAsync(batch.Last, left, stop, stopping))
            {
                return batch;
            }

            batch = await ReadNowAsync(query with { After = batch.Last }, stop);
        }

        return batch;
    }

    private async Task<FeedBatch> ReadNowAsync(FeedQuery query, CancellationToken stop)
    {
        if (query.Kinds is null && query.Caller.ReachesAllTeams)
        {
            var next = await feed.ReadAsync(
                query.After, query.After + query.PageSize, query.PageSize, kinds: null, team: null, stop);
            return new FeedBatch(next, next.Count > 0 ? next[^1].Position : query.After);
        }

        return await SearchAsync(query, stop);
    }

    /// <summary>Where few of the entries are wanted, a page must not end before there are some.</summary>
    private async Task<FeedBatch> SearchAsync(FeedQuery query, CancellationToken stop)
    {
        var start = time.GetTimestamp();
        var end = (await watch.BoundsAsync()).Last;
        var entries = new List<FeedEntry>();
        var last = query.After;
        while (entries.Count < query.PageSize && !OrderFeedStore.EndsEarly(entries) && last < end
            && time.GetElapsedTime(start).TotalSeconds < SearchSeconds)
        {
            var upTo = Math.Min(last + SearchStep, end);
            var missing = query.PageSize - entries.Count;
            var found = await feed.ReadAsync(last, upTo, missing, query.Kinds, query.Caller.OnlyTeam, stop);
            entries.AddRange(found);
            last = found.Count == missing || OrderFeedStore.EndsEarly(found) ? found[^1].Position : upTo;
        }

        return new FeedBatch(entries, last);
    }

    private static string[]? ReadKinds(QueryInput query)
    {
        if (query.Text("type") is not { } text)
        {
            return null;
        }

        var types = text.Split(',');
        foreach (var type in types.Where(type => !EventTypes.All.Contains(type, StringComparer.Ordinal)))
        {
            query.Faults.AddParameter(ProblemCode.InvalidParameter, "type",
                $"There is no event type {Suggestion.Quote(type)}.{Suggestion.For(type, EventTypes.All)}");
        }

        return EventTypes.KindsOf(types);
    }
}
