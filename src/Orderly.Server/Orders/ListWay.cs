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
///   terms, whichever should cost least:
///     a walk along the sort, at most so many orders, of which each is read
///     the same walk in the index alone, compared with the index of terms
///     the index of terms, one span of time after the other (OrderSpansStore); also where a walk did not fill the page
///   a range of another field:
///     a walk along the sort, at most so many orders
///     └─ not full ─► all that fit, by the range's index, which knows the creation, too, or as the planner likes
/// </code>
/// </summary>
/// <param name="WalkedRows">How many orders to walk past; 0 where that would not do.</param>
/// <param name="WalksStatus">Whether to walk past orders of the status only.</param>
/// <param name="WalksTeam">Whether to walk past orders of the team only.</param>
/// <param name="Newest">None created later is wanted.</param>
/// <param name="Oldest">None created earlier is wanted.</param>
internal sealed record ListWay(int WalkedRows, bool WalksStatus, bool WalksTeam, DateTime? Newest, DateTime? Oldest)
{
    private const int WalkedRowsMin = 1_000;

    /// <summary>All of a range are more to read than all of a page's spans of time.</summary>
    private const int WalkedForRangeMax = 5_000;

    private const int ShortSpansMax = 16;
    private const double Margin = 1.5;
    private const double SecondsPerHour = 3_600;
    private const double ShortInLong = (double)OrderSpansStore.LongHours / OrderSpansStore.ShortHours;

    /// <summary>How the index of terms is searched; null where there are none.</summary>
    public SpanSearch? Spans { get; init; }

    /// <summary>Whether the orders walked past are not read, but compared with what the index of terms finds.</summary>
    public bool ComparesIndexes { get; init; }

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

        var (status, team) = (known.ShareOfStatuses(filter), known.ShareOfTeams(filter));
        var walksStatus = filter.Statuses.Count == 1 && (filter.Teams.Count != 1 || status < team);
        var walksTeam = !walksStatus && filter.Teams.Count == 1;
        var way = new ListWay(
            WalkedRows: 0, walksStatus, walksTeam,
            NotBeforeAll(Ends(bound => bound.IsUpper, filter, sort.IsDescending ? after : null).Min()),
            NotBeforeAll(Ends(bound => bound.IsLower, filter, sort.IsDescending ? null : after).Max()));
        var walked = walksStatus ? status : walksTeam ? team : 1;
        return OnOtherFields(filter, sort) is { Count: > 0 } others
            ? way.ByRange(others, walked, status * team, count, known)
            : way.ByTerms(filter, sort.IsDescending, walked, status * team, count, known);
    }

    /// <summary>Nothing is older, and the spans of time since -infinity would never end.</summary>
    private static DateTime? NotBeforeAll(DateTime? instant) =>
        instant < OrderSpansStore.Origin ? OrderSpansStore.Origin : instant;

    private static List<Bound> OnOtherFields(OrderFilter filter, Sort sort) =>
        [.. filter.Bounds.Where(bound => !sort.IsBy(bound.Field))];

    /// <param name="filter">Which orders are wanted.</param>
    /// <param name="isDescending">Whether the newest are the first.</param>
    /// <param name="walked">The share of orders that a walk goes past.</param>
    /// <param name="others">The share of orders that fit but for their terms.</param>
    /// <param name="count">How many are wanted.</param>
    /// <param name="known">What is known of all.</param>
    private ListWay ByTerms(
        OrderFilter filter, bool isDescending, double walked, double others, int count, OrderStatistics known)
    {
        var share = Math.Max(known.ShareOfTerms(filter) * others, 1 / known.Rows);
        var page = Margin * count;
        var rows = Math.Min(page / share, known.Rows) * walked;
        var inSpan = share * InShortSpan(known, isDescending ? Newest : Oldest, isDescending);
        var (all, spans) = (share * known.Rows, page / inSpan);
        var triesAll = all <= OrderSpansStore.FewMax || !known.KnowsTerms(filter);
        var areShort = spans <= ShortSpansMax;
        var way = this with
        {
            Spans = new SpanSearch(triesAll, ShortSpans: areShort ? (int)Math.Ceiling(spans) : 0, Newest, Oldest),
        };
        var costs = new ListCosts(
            Read: ListCosts.OfRead(rows),
            Compared: ListCosts.OfCompared(rows, all),
            Searched: triesAll
                ? ListCosts.OfSearched(1, Math.Min(all, OrderSpansStore.FewMax))
                : areShort
                    ? ListCosts.OfSearched(spans, page + inSpan)
                    : ListCosts.OfSearched(spans / ShortInLong, page + (inSpan * ShortInLong)));
        return costs.Searched <= Math.Min(costs.Read, costs.Compared)
            ? way
            : way with
            {
                WalkedRows = Math.Max(WalkedRowsMin, (int)Math.Ceiling(rows)),
                ComparesIndexes = costs.Compared < costs.Read,
            };
    }

    /// <summary>
    /// The planner takes a range for spread evenly along the sort, and most go with it: dates do with creation.
    /// </summary>
    private ListWay ByRange(List<Bound> bounds, double walked, double others, int count, OrderStatistics known)
    {
        var share = Math.Max(known.ShareOfBounds(bounds) * others, 1 / known.Rows);
        return this with
        {
            WalkedRows = Margin * count * walked / share <= WalkedForRangeMax ? WalkedForRangeMax : 0,
            ThenGathers = bounds.DistinctBy(bound => bound.Field, StringComparer.Ordinal).Count() == 1,
        };
    }

    /// <summary>The limits on the later side, or on the earlier one, where the page before ended among them.</summary>
    private static IEnumerable<DateTime?> Ends(
        Func<Bound, bool> isOfSide, OrderFilter filter, OrderPosition? after) => filter.Bounds
        .Where(bound => bound.Field == OrderFilter.CreatedAt && isOfSide(bound))
        .Select(bound => (DateTime?)bound.Value)
        .Append((DateTime?)after?.Key);

    /// <summary>
    /// About how many orders a short span has, where the page begins: as many as are known of it, or on the average of
    /// a long one.
    /// </summary>
    private static double InShortSpan(OrderStatistics known, DateTime? start, bool isDescending)
    {
        var (first, last) = (known.Created.Least, known.Created.Most);
        var from = start is { } at ? Math.Clamp(ValueSpread.Of(at), first, last) : isDescending ? last : first;
        return Math.Max(1, known.Rows * Math.Max(
            Within(OrderSpansStore.ShortHours), Within(OrderSpansStore.LongHours) / ShortInLong));

        double Within(double hours) => Math.Abs(known.Created.Before(from)
            - known.Created.Before(from + (hours * (isDescending ? -SecondsPerHour : SecondsPerHour))));
    }
}

/// <summary>
/// What ways to a page cost PostgreSQL, in µs, as far as they differ: measured with a million orders in memory.
/// </summary>
internal sealed record ListCosts(double Read, double Compared, double Searched)
{
    /// <summary>Of orders that are walked past, each of them read.</summary>
    public static double OfRead(double rows) => 1.2 * rows;

    /// <summary>Of orders that are walked past in the index, and all that the index of terms finds.</summary>
    public static double OfCompared(double rows, double found) => 300 + (0.25 * rows) + (0.2 * found);

    /// <summary>Of spans that are searched one after the other, and the orders found, which are all over the table.
    /// </summary>
    public static double OfSearched(double spans, double found) => (70 * Math.Max(1, spans)) + (4 * found);
}
