using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>In which spans of time the index of terms is searched.</summary>
/// <param name="TriesAll">Whether there may be few in all.</param>
/// <param name="ShortSpans">In how many short spans there should be a page; 0 where they are too many.</param>
/// <param name="Newest">None created later is wanted.</param>
/// <param name="Oldest">None created earlier is wanted.</param>
internal sealed record SpanSearch(bool TriesAll, int ShortSpans, DateTime? Newest, DateTime? Oldest)
{
    /// <summary>
    /// Terms so common that orders are read for them: to go through all that the index has of one takes longer.
    /// </summary>
    public IReadOnlyList<string> ReadTerms { get; init; } = [];

    /// <summary>Whether the status is so common, too.</summary>
    public bool ReadsStatus { get; init; }
}

/// <summary>
/// How a page of orders is found without looking at all that fit. Pure.
/// <code>
///   terms, whichever should cost least:
///     a walk along the sort, at most so many orders, of which each is read
///     the same walk in the index alone, compared with the index of terms
///     all that fit, by the index of terms; in the order of creation one span of time after the other
///     (OrderSpansStore). This is how a page is filled, too, that a walk did not
///   a range of another field, in the order of creation:
///     a walk along the sort, at most so many orders
///     └─ not full ─► all of the range, by its index, which knows the creation, too; the first of them are read for
///                    common terms
///                      └─ not full ─► all that fit, as the planner likes
/// </code>
/// </summary>
/// <param name="WalkedRows">How many orders to walk past; 0 where that would not do.</param>
/// <param name="WalksStatus">Whether to walk past orders of the status only, in the order of creation.</param>
/// <param name="WalksTeam">Whether to walk past orders of the team only, in the order of creation.</param>
/// <param name="Newest">None created later is wanted.</param>
/// <param name="Oldest">None created earlier is wanted.</param>
internal sealed record ListWay(int WalkedRows, bool WalksStatus, bool WalksTeam, DateTime? Newest, DateTime? Oldest)
{
    /// <summary>So many are walked past in a millisecond, which is worth a try where nothing is known.</summary>
    private const int WalkedRowsMin = 1_000;

    /// <summary>All of a range are more to read than all of a page's spans of time.</summary>
    private const int WalkedForRangeMax = 5_000;

    private const int ReadOfRangeMax = 10_000;

    /// <summary>The share of the orders read that should fit, at least.</summary>
    private const double FitMin = 0.2;

    /// <summary>So many orders lie near each other, in pages that stay in memory.</summary>
    private const int NearMax = 20_000;

    private const int ShortSpansMax = 16;
    private const double Margin = 1.5;
    private const double SecondsPerHour = 3_600;
    private const double ShortInLong = (double)OrderSpansStore.LongHours / OrderSpansStore.ShortHours;

    private static readonly ListWay AlongAll =
        new(WalkedRows: 0, WalksStatus: false, WalksTeam: false, Newest: null, Oldest: null);

    /// <summary>How the index of terms is searched; null where the planner knows.</summary>
    public SpanSearch? Spans { get; init; }

    /// <summary>
    /// The term by which the orders walked past are not all read, but compared with what the index of terms finds. One
    /// of several, the rarest: that index takes longer for several that are common than to read what one leaves.
    /// </summary>
    public string? ComparedTerm { get; init; }

    /// <summary>
    /// How many orders of a range, the first of them, are read for terms; 0 where the index of terms is quicker.
    /// </summary>
    public int ReadOfRange { get; init; }

    /// <summary>Whether all that fit are few enough, and quick enough to read, to be gathered and sorted.</summary>
    public bool ThenGathers { get; init; }

    /// <summary>Whether the planner does not know best. It takes no statistics to tell.</summary>
    public static bool IsFor(OrderFilter filter, Sort sort)
    {
        var others = OnOtherFields(filter, sort);
        return filter.Reference is null && filter.Deleted == DeletedOrders.Exclude
            && (others.Count == 0
                ? filter.Terms.Count > 0
                : sort.IsBy(OrderFilter.CreatedAt) && (filter.Terms.Count == 0 || AreOfOneField(others))
                    && others.Any(bound => bound.Comparison != Comparison.Equal));
    }

    /// <summary>Null where it is best left to the planner.</summary>
    /// <param name="filter">Which orders are wanted.</param>
    /// <param name="sort">In which order.</param>
    /// <param name="after">Behind which of them.</param>
    /// <param name="count">How many.</param>
    /// <param name="known">What is known of all; null before PostgreSQL has looked at any.</param>
    public static ListWay? Choose(
        OrderFilter filter, Sort sort, OrderPosition? after, int count, OrderStatistics? known)
    {
        if (!IsFor(filter, sort))
        {
            return null;
        }

        if (known is null)
        {
            return AlongAll with { WalkedRows = WalkedRowsMin };
        }

        var (status, team) = (known.ShareOfStatuses(filter), known.ShareOfTeams(filter));
        if (!sort.IsBy(OrderFilter.CreatedAt))
        {
            return known.KnowsTerms(filter) ? AlongAll.InOtherOrder(filter, sort, status * team, count, known) : null;
        }

        var walksStatus = filter.Statuses.Count == 1 && (filter.Teams.Count != 1 || status < team);
        var walksTeam = !walksStatus && filter.Teams.Count == 1;
        var way = new ListWay(
            WalkedRows: 0, walksStatus, walksTeam,
            NotBeforeAll(Ends(bound => bound.IsUpper, filter, sort.IsDescending ? after : null).Min()),
            NotBeforeAll(Ends(bound => bound.IsLower, filter, sort.IsDescending ? null : after).Max()));
        var walked = walksStatus ? status : walksTeam ? team : 1;
        return OnOtherFields(filter, sort) is { Count: > 0 } others
            ? way.ByRange(filter, others, walked, status * team, count, known)
            : way.ByTerms(filter, sort.IsDescending, walked, status * team, count, known);
    }

    /// <summary>Nothing is older, and the spans of time since -infinity would never end.</summary>
    private static DateTime? NotBeforeAll(DateTime? instant) =>
        instant < OrderSpansStore.Origin ? OrderSpansStore.Origin : instant;

    private static bool AreOfOneField(IEnumerable<Bound> bounds) =>
        bounds.DistinctBy(bound => bound.Field, StringComparer.Ordinal).Count() == 1;

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
        var (ahead, around) = InShortSpan(known, isDescending ? Newest : Oldest, isDescending);
        var inSpan = share * ahead;
        var (all, spans) = (share * known.Rows, page / inSpan);
        var triesAll = all <= OrderSpansStore.FewMax || !known.KnowsTerms(filter);
        var areShort = spans <= ShortSpansMax;
        var (readTerms, readsStatus, fit) = Read(filter, known);
        var way = this with
        {
            Spans = new SpanSearch(triesAll, ShortSpans: areShort ? (int)Math.Ceiling(spans) : 0, Newest, Oldest)
            {
                ReadTerms = readTerms, ReadsStatus = readsStatus,
            },
        };
        var searched = (triesAll, areShort) switch
        {
            (true, _) => ListCosts.OfSearched(1, Math.Min(all, OrderSpansStore.FewMax) / fit),
            (_, false) => ListCosts.OfSearched(spans / ShortInLong, (page + (inSpan * ShortInLong)) / fit),
            _ when around <= NearMax => ListCosts.OfSearched(spans, (page + inSpan) / fit, areNear: true),
            _ => ListCosts.OfSearched(spans, (page + (share * around)) / fit),
        };
        var rows = Math.Min(page / share, known.Rows) * walked;
        return way.Walk(ListCosts.Of(known.Created.Correlation), rows, searched, filter, known);
    }

    /// <summary>What orders are read for rather than searched for, and which share of those read should fit.</summary>
    private static (IReadOnlyList<string> Terms, bool Status, double Fit) Read(
        OrderFilter filter, OrderStatistics known)
    {
        var status = filter.Statuses.Count > 0 ? known.ShareOfStatuses(filter) : 0;
        var readsStatus = status >= FitMin;
        var fit = readsStatus ? status : 1;
        var read = new List<string>();
        foreach (var term in filter.Terms.OrderByDescending(known.Terms.Of).SkipLast(1))
        {
            if (fit * known.Terms.Of(term) >= FitMin)
            {
                fit *= known.Terms.Of(term);
                read.Add(term);
            }
        }

        return (read, readsStatus, fit);
    }

    private ListWay InOtherOrder(OrderFilter filter, Sort sort, double others, int count, OrderStatistics known)
    {
        var share = Math.Max(known.ShareOfTerms(filter) * others, 1 / known.Rows);
        var all = share * known.Rows;
        var costs = ListCosts.Of(known.CorrelationOf(sort.Field));
        var rows = Math.Min(Margin * count / share, known.Rows);
        return Walk(costs, rows, ListCosts.OfSearched(1, all), filter, known) with { ThenGathers = true };
    }

    /// <summary>
    /// Past so many orders first, one way or the other, if that costs less than to search for all. A short walk is
    /// never dear: its orders are the newest mostly, which others read just now.
    /// </summary>
    private ListWay Walk(ListCosts costs, double rows, double searched, OrderFilter filter, OrderStatistics known)
    {
        if (rows <= WalkedRowsMin)
        {
            return this with { WalkedRows = WalkedRowsMin };
        }

        var rarest = filter.Terms.MinBy(known.Terms.Of)!;
        var share = known.Terms.Of(rarest);
        var (read, compared) = (costs.OfRead(rows), costs.OfCompared(rows, share * known.Rows, share * rows));
        return searched <= Math.Min(read, compared)
            ? this
            : this with
            {
                WalkedRows = (int)Math.Ceiling(rows),
                ComparedTerm = compared < read ? rarest : null,
            };
    }

    /// <summary>
    /// The planner takes a range for spread evenly along the sort, and most go with it: dates do with creation. So what
    /// fits a range may be all at the beginning, however few it is.
    /// </summary>
    private ListWay ByRange(
        OrderFilter filter, List<Bound> bounds, double walked, double others, int count, OrderStatistics known)
    {
        var (ofRange, ofTerms) = (known.ShareOfBounds(bounds) * others, known.ShareOfTerms(filter));
        var page = Margin * count;
        var read = page / Math.Max(ofTerms, 1 / known.Rows);
        var rows = walked * read / Math.Max(ofRange, 1 / known.Rows);
        var readsFirst = filter.Terms.Count > 0 && read <= ReadOfRangeMax && read < ofRange * ofTerms * known.Rows;
        return this with
        {
            WalkedRows = rows <= WalkedForRangeMax ? WalkedForRangeMax : WalkedRowsMin,
            ReadOfRange = readsFirst ? Math.Max(WalkedRowsMin, (int)Math.Ceiling(read)) : 0,
            ThenGathers = filter.Terms.Count == 0 ? AreOfOneField(bounds) : readsFirst,
        };
    }

    /// <summary>The limits on the later side, or on the earlier one, where the page before ended among them.</summary>
    private static IEnumerable<DateTime?> Ends(
        Func<Bound, bool> isOfSide, OrderFilter filter, OrderPosition? after) => filter.Bounds
        .Where(bound => bound.Field == OrderFilter.CreatedAt && isOfSide(bound))
        .Select(bound => (DateTime?)bound.Value)
        .Append((DateTime?)after?.Key);

    /// <summary>
    /// About how many orders a short span has, where the page begins: as many as are known of the first ahead, or on
    /// the average of a long one. And how many the one that holds the beginning may have, of which all are found.
    /// </summary>
    private static (double Ahead, double Around) InShortSpan(OrderStatistics known, DateTime? start, bool isDescending)
    {
        var (first, last) = (known.Created.Least, known.Created.Most);
        var from = start is { } at ? Math.Clamp(ValueSpread.Of(at), first, last) : isDescending ? last : first;
        var sign = isDescending ? -1 : 1;
        var ahead = Math.Max(
            Within(0, sign * OrderSpansStore.ShortHours), Within(0, sign * OrderSpansStore.LongHours) / ShortInLong);
        var around = Within(-OrderSpansStore.ShortHours, OrderSpansStore.ShortHours);
        return (Math.Max(1, known.Rows * ahead), Math.Max(1, known.Rows * around));

        double Within(double hours, double otherHours) => Math.Abs(
            known.Created.Before(from + (hours * SecondsPerHour))
            - known.Created.Before(from + (otherHours * SecondsPerHour)));
    }
}
