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
///   ranges of other fields:
///     a walk along the sort, at most so many orders, as long as that costs no more than what comes then
///     └─ not full ─► for terms and amounts, in the order of creation: one span of time after the other, as above
///     └─ not full ─► the first of the rarest range, by one index that knows both the sort and the range: one of them
///                    is creation; each is read for the rest
///                    └─ not full ─► all that fit, where they are quick to read; else as the planner likes
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

    /// <summary>All of a range are more to read than so many along the sort.</summary>
    private const int WalkedForRangeMax = 5_000;

    private const int ReadOfRangeMax = 10_000;

    /// <summary>
    /// In µs. What costs more is worth a try along the sort, which the time limit ends: PostgreSQL may know better.
    /// </summary>
    private const int GatheredMax = 200_000;

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
    /// How many orders of a range, the first of them, are read for the rest of the filter; 0 where another index is
    /// quicker.
    /// </summary>
    public int ReadOfRange { get; init; }

    /// <summary>The field of that range.</summary>
    public string? RangeField { get; init; }

    /// <summary>Whether all that fit are few enough, and quick enough to read, to be gathered and sorted.</summary>
    public bool ThenGathers { get; init; }

    /// <summary>Whether the planner may not know best. It takes no statistics to tell.</summary>
    public static bool IsFor(OrderFilter filter, Sort sort) => filter.Reference is null
        && (filter.Terms.Count > 0
            || (filter.Deleted == DeletedOrders.Exclude
                && OnOtherFields(filter, sort).Any(
                    bound => bound.Comparison != Comparison.Equal && !IsInIndexOf(sort, bound.Field))));

    /// <summary>Whether the sort's index knows the field, too.</summary>
    private static bool IsInIndexOf(Sort sort, string field) =>
        string.Equals(field, OrderFilter.CreatedAt, StringComparison.Ordinal) && !sort.IsBy(OrderFilter.Number);

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

        if (filter.Deleted != DeletedOrders.Exclude)
        {
            return known is not null && AreFew(filter, sort, count, known)
                ? AlongAll with { ThenGathers = true }
                : null;
        }

        if (known is null)
        {
            return AlongAll with { WalkedRows = WalkedRowsMin };
        }

        var (status, team) = (known.ShareOfStatuses(filter), known.ShareOfTeams(filter));
        var others = OnOtherFields(filter, sort);
        if (!sort.IsBy(OrderFilter.CreatedAt))
        {
            return others.Count > 0
                ? AlongAll.ByRange(filter, sort, others, walked: 1, status * team, count, known)
                : AlongAll.InOtherOrder(filter, sort, status * team, count, known);
        }

        var walksStatus = filter.Statuses.Count == 1 && (filter.Teams.Count != 1 || status < team);
        var walksTeam = !walksStatus && filter.Teams.Count == 1;
        var way = new ListWay(
            WalkedRows: 0, walksStatus, walksTeam,
            NotBeforeAll(Ends(bound => bound.IsUpper, filter, sort.IsDescending ? after : null).Min()),
            NotBeforeAll(Ends(bound => bound.IsLower, filter, sort.IsDescending ? null : after).Max()));
        var walked = walksStatus ? status : walksTeam ? team : 1;
        return others.Count > 0
            ? way.ByRange(filter, sort, others, walked, status * team, count, known)
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
        var (spans, searched) = BySpans(filter, isDescending, others, read: 1, count, known);
        var rows = Math.Min(Margin * count / share, known.Rows) * walked;
        return (this with { Spans = spans })
            .Walk(ListCosts.Of(known.Created.Correlation), rows, searched, filter, known);
    }

    /// <summary>How the index of terms is searched by spans of time, and what that costs.</summary>
    /// <param name="filter">Which orders are wanted.</param>
    /// <param name="isDescending">Whether the newest are the first.</param>
    /// <param name="others">The share of orders that fit but for their terms.</param>
    /// <param name="read">The part of it that orders are read for, since that index does not know it.</param>
    /// <param name="count">How many are wanted.</param>
    /// <param name="known">What is known of all.</param>
    private (SpanSearch Spans, double Cost) BySpans(
        OrderFilter filter, bool isDescending, double others, double read, int count, OrderStatistics known)
    {
        var share = Math.Max(known.ShareOfTerms(filter) * others, 1 / known.Rows);
        var page = Margin * count;
        var (ahead, around) = InShortSpan(known, isDescending ? Newest : Oldest, isDescending);
        var inSpan = share * ahead;
        var (all, spans) = (share * known.Rows, page / inSpan);
        var triesAll = all <= OrderSpansStore.FewMax || !known.KnowsTerms(filter);
        var areShort = spans <= ShortSpansMax;
        var (readTerms, readsStatus, fitting) = Read(filter, known);
        var fit = fitting * Math.Max(read, 1 / known.Rows);
        var search = new SpanSearch(triesAll, ShortSpans: areShort ? (int)Math.Ceiling(spans) : 0, Newest, Oldest)
        {
            ReadTerms = readTerms, ReadsStatus = readsStatus,
        };
        return (search, (triesAll, areShort) switch
        {
            (true, _) => ListCosts.OfSearched(1, Math.Min(all, OrderSpansStore.FewMax) / fit),
            (_, false) => ListCosts.OfSearched(spans / ShortInLong, (page + (inSpan * ShortInLong)) / fit),
            _ when around <= NearMax => ListCosts.OfSearched(spans, (page + inSpan) / fit, areNear: true),
            _ => ListCosts.OfSearched(spans, (page + (share * around)) / fit),
        });
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

        return (read, readsStatus, fit * known.ShareOfTeams(filter));
    }

    private ListWay InOtherOrder(OrderFilter filter, Sort sort, double others, int count, OrderStatistics known)
    {
        var share = Math.Max(known.ShareOfTerms(filter) * others, 1 / known.Rows);
        var all = share * known.Rows;
        var costs = ListCosts.Of(known.CorrelationOf(sort.Field));
        var rows = Math.Min(Margin * count / share, known.Rows);
        var way = Walk(costs, rows, ListCosts.OfSearched(1, all), filter, known) with { ThenGathers = true };
        // What is not known may have become common since.
        return known.KnowsTerms(filter) ? way : way with { WalkedRows = Math.Max(WalkedRowsMin, way.WalkedRows) };
    }

    /// <summary>Whether to gather all that have the terms costs less than to walk until a page is full.</summary>
    private static bool AreFew(OrderFilter filter, Sort sort, int count, OrderStatistics known)
    {
        var share = Math.Max(known.ShareOfTerms(filter), 1 / known.Rows);
        return ListCosts.OfSearched(1, share * known.Rows)
            <= ListCosts.Of(known.CorrelationOf(sort.Field)).OfRead(Margin * count / share);
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
        OrderFilter filter, Sort sort, List<Bound> bounds, double walked, double others, int count,
        OrderStatistics known)
    {
        var ranges = bounds
            .GroupBy(bound => bound.Field, StringComparer.Ordinal)
            .Select(range => (Field: range.Key, Share: known.ShareOfBounds(range)))
            .OrderBy(range => range.Share)
            .ToList();
        var (field, share) = ranges[0];
        var (inRange, terms) = (share * others * known.Rows, known.ShareOfTerms(filter));
        var rest = ranges.Skip(1).Aggregate(terms, (all, range) => all * range.Share);
        var isAlone = filter.Terms.Count == 0 && ranges.Count == 1;
        var page = Margin * count;
        var read = Math.Min(page / Math.Max(rest, 1 / known.Rows), inRange);
        var ofRange = (read <= ReadOfRangeMax, sort.IsBy(OrderFilter.CreatedAt)) switch
        {
            (true, true) => ListCosts.OfEntries(inRange, read),
            // Dates go with creation: those of the range may be the last.
            (true, false) when ranges.Count == 1 && IsInIndexOf(sort, field) => ListCosts.OfEntries(known.Rows, read),
            _ => double.PositiveInfinity,
        };
        var second = Math.Min(terms, ranges.Count > 1 ? ranges[1].Share : 1);
        var gathered = new[]
        {
            ListCosts.Of(known.CorrelationOf(field)).OfRead(inRange),
            ListCosts.OfSearched(1, terms * known.Rows),
            ListCosts.OfEntries(inRange + (second * known.Rows), inRange * rest),
        }.Min();
        var inAll = known.ShareOfBounds(bounds);
        var (spans, spanned) = filter.Terms.Count > 0 && sort.IsBy(OrderFilter.CreatedAt)
            && ranges.TrueForAll(range => IsApartFromCreation(range.Field))
                ? BySpans(filter, sort.IsDescending, others * inAll, read: inAll, count, known)
                : (null, double.PositiveInfinity);
        var rows = walked * page / Math.Max(inAll * others * terms, 1 / known.Rows);
        var isWalk = rows <= WalkedForRangeMax || ListCosts.Of(known.CorrelationOf(sort.Field)).OfRead(rows)
            <= new[] { ofRange, gathered, spanned }.Min();
        var readsFirst = !isAlone && ofRange < gathered;
        return this with
        {
            Spans = spanned < Math.Min(ofRange, gathered) ? spans : null,
            WalkedRows = isWalk ? Math.Max(WalkedForRangeMax, (int)Math.Ceiling(rows)) : WalkedRowsMin,
            ReadOfRange = readsFirst ? Math.Max(WalkedRowsMin, (int)Math.Ceiling(read)) : 0,
            RangeField = readsFirst ? field : null,
            ThenGathers = Math.Min(ofRange, gathered) <= GatheredMax || ofRange < gathered,
        };
    }

    /// <summary>Amounts do not go with creation; dates and numbers do.</summary>
    private static bool IsApartFromCreation(string field) =>
        string.Equals(field, OrderFilter.TotalFee, StringComparison.Ordinal);

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
