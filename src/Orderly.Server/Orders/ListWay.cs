using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>In which spans of time the index of terms is searched.</summary>
/// <param name="TriesAll">Whether there may be few in all.</param>
/// <param name="ShortSpans">In how many short spans there should be a page; 0 where they are too many.</param>
/// <param name="Newest">None created later is wanted.</param>
/// <param name="Oldest">None created earlier is wanted.</param>
internal sealed record SpanSearch(bool TriesAll, int ShortSpans, DateTime? Newest, DateTime? Oldest);

/// <summary>
/// How a page of orders is found, in the order of their creation, without looking at all that fit. Pure.
/// <code>
///   common terms, or a range of another field:  walk along the sort, at most so many rows
///     └─ not full ─► terms:   the index of terms, one span of time after the other (OrderSpansStore)
///                    a range: all that fit, by the range's index, which knows the creation, too
///                    else:    as the planner likes
/// </code>
/// </summary>
/// <param name="WalkedRows">How many orders to walk past; 0 where that would not do.</param>
/// <param name="WalksStatus">Whether to walk past orders of the status only.</param>
/// <param name="WalksTeam">Whether to walk past orders of the team only.</param>
internal sealed record ListWay(int WalkedRows, bool WalksStatus, bool WalksTeam)
{
    private const int WalkedRowsMax = 1_000;

    /// <summary>All of a range are more to read than all of a page's spans of time.</summary>
    private const int WalkedForRangeMax = 5_000;

    private const int ShortSpansMax = 16;
    private const double Margin = 1.5;

    /// <summary>Orders are counted over a long span to know how many a short one has.</summary>
    private const double CountedSeconds = OrderSpansStore.LongHours * 3_600;

    /// <summary>How the index of terms is searched; null where there are none.</summary>
    public SpanSearch? Spans { get; init; }

    /// <summary>Whether all that fit are few enough, and quick enough to read, to be gathered and sorted.</summary>
    public bool ThenGathers { get; init; }

    /// <summary>Whether the planner does not know best. It takes no statistics to tell.</summary>
    public static bool IsFor(OrderFilter filter, Sort sort)
    {
        var others = OnOtherFields(filter, sort);
        return filter.Reference is null && filter.Deleted == DeletedOrders.Exclude
            && sort.IsBy(OrderFilter.CreatedAt)
            && (others.Count == 0
                ? filter.Terms.Count > 0
                : filter.Terms.Count == 0 && others.Any(bound => bound.Comparison != Comparison.Equal));
    }

    /// <summary>Null where it is best left to the planner.</summary>
    public static ListWay? Choose(
        OrderFilter filter, Sort sort, OrderPosition? after, int count, OrderStatistics known)
    {
        if (!IsFor(filter, sort))
        {
            return null;
        }

        return OnOtherFields(filter, sort) is { Count: > 0 } others
            ? ByRange(filter, others, count, known)
            : ByTerms(filter, sort, after, count, known);
    }

    /// <summary>Nothing is older, and the spans of time since -infinity would never end.</summary>
    private static DateTime? NotBeforeAll(DateTime? instant) =>
        instant < OrderSpansStore.Origin ? OrderSpansStore.Origin : instant;

    private static List<Bound> OnOtherFields(OrderFilter filter, Sort sort) =>
        [.. filter.Bounds.Where(bound => !sort.IsBy(bound.Field))];

    private static ListWay ByTerms(
        OrderFilter filter, Sort sort, OrderPosition? after, int count, OrderStatistics known)
    {
        var share = Math.Max(
            known.ShareOfTerms(filter) * known.ShareOfStatuses(filter) * known.ShareOfTeams(filter), 1 / known.Rows);
        var newest = NotBeforeAll(Ends(bound => bound.IsUpper, filter, sort.IsDescending ? after : null).Min());
        var oldest = NotBeforeAll(Ends(bound => bound.IsLower, filter, sort.IsDescending ? null : after).Max());
        var spans = Margin * count
            / (share * InShortSpan(known, sort.IsDescending ? newest : oldest, sort.IsDescending));
        return Walk(filter, share, count, WalkedRowsMax, known) with
        {
            Spans = new SpanSearch(
                TriesAll: share * known.Rows <= OrderSpansStore.FewMax || !known.KnowsTerms(filter),
                ShortSpans: spans <= ShortSpansMax ? (int)Math.Ceiling(spans) : 0, newest, oldest),
        };
    }

    /// <summary>
    /// The planner takes a range for spread evenly along the sort, and most go with it: dates do with creation.
    /// </summary>
    private static ListWay ByRange(OrderFilter filter, List<Bound> bounds, int count, OrderStatistics known)
    {
        var share = Math.Max(
            known.ShareOfBounds(bounds) * known.ShareOfStatuses(filter) * known.ShareOfTeams(filter), 1 / known.Rows);
        return Walk(filter, share, count, WalkedForRangeMax, known) with
        {
            ThenGathers = bounds.DistinctBy(bound => bound.Field, StringComparer.Ordinal).Count() == 1,
        };
    }

    /// <summary>Past the orders of the status, or of the team, if the page should be full before the limit.</summary>
    private static ListWay Walk(OrderFilter filter, double share, int count, int rowsMax, OrderStatistics known)
    {
        var (status, team) = (known.ShareOfStatuses(filter), known.ShareOfTeams(filter));
        var walksStatus = filter.Statuses.Count == 1 && (filter.Teams.Count != 1 || status < team);
        var walksTeam = !walksStatus && filter.Teams.Count == 1;
        var rows = Margin * count * (walksStatus ? status : walksTeam ? team : 1) / share;
        return new ListWay(rows <= rowsMax ? rowsMax : 0, walksStatus, walksTeam);
    }

    /// <summary>The limits on the later side, or on the earlier one, where the page before ended among them.</summary>
    private static IEnumerable<DateTime?> Ends(
        Func<Bound, bool> isOfSide, OrderFilter filter, OrderPosition? after) => filter.Bounds
        .Where(isOfSide)
        .Select(bound => (DateTime?)bound.Value)
        .Append((DateTime?)after?.Key);

    /// <summary>About how many orders a short span has, where the page begins.</summary>
    private static double InShortSpan(OrderStatistics known, DateTime? start, bool isDescending)
    {
        var (first, last) = (known.Created.Least, known.Created.Most);
        var from = start is { } at ? Math.Clamp(ValueSpread.Of(at), first, last) : isDescending ? last : first;
        var counted = Math.Abs(known.Created.Before(from)
            - known.Created.Before(from + (isDescending ? -CountedSeconds : CountedSeconds)));
        return Math.Max(1, counted * known.Rows * OrderSpansStore.ShortHours / OrderSpansStore.LongHours);
    }
}
