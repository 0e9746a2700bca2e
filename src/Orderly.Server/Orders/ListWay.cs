using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>A range of times of creation, from and to not including; a null has no limit on that side.</summary>
internal readonly record struct CreationRange(DateTime? From, DateTime? To);

/// <summary>
/// How a page of orders with certain terms is found, in the order of their creation, without looking at all that fit.
/// Pure.
/// <code>
///   common:   walk along the sort, at most WalkedRowsMax rows          ── not full ──┐
///   not so:   the range that should hold a page, then 4 ×, 16 ×, …, the rest of it ◄──┘
///             each by the index of terms, and only where those before did not fill the page
/// </code>
/// </summary>
internal sealed record ListWay(int WalkedRows, bool WalksStatus, bool WalksTeam, IReadOnlyList<CreationRange> Ranges)
{
    private const int WalkedRowsMax = 1_000;
    private const int RangeRowsMin = 1_000;

    /// <summary>So many that fit are gathered at once, wherever they are.</summary>
    private const int GatheredRowsMax = 300;

    private const double RangeMargin = 1.5;
    private static readonly double[] RangeGrowth = [1, 4, 16, 64];

    /// <summary>Whether such a page can be found in this way at all.</summary>
    public static bool IsFor(OrderFilter filter, Sort sort) =>
        filter.Terms.Count > 0 && filter.Reference is null && filter.Deleted == DeletedOrders.Exclude
        && string.Equals(sort.Field, OrderFilter.CreatedAt, StringComparison.Ordinal)
        && filter.Bounds.All(bound => string.Equals(bound.Field, OrderFilter.CreatedAt, StringComparison.Ordinal));

    public static ListWay Choose(
        OrderFilter filter, Sort sort, OrderPosition? after, int count, OrderStatistics known)
    {
        var (terms, status, team) =
            (known.ShareOfTerms(filter), known.ShareOfStatuses(filter), known.ShareOfTeams(filter));
        var share = Math.Max(terms * status * team, 1 / known.Rows);
        var walksStatus = filter.Statuses.Count == 1 && (filter.Teams.Count != 1 || status < team);
        var walksTeam = !walksStatus && filter.Teams.Count == 1;
        var walkedShare = share / (walksStatus ? status : walksTeam ? team : 1);
        var walked = RangeMargin * count / walkedShare;
        var rows = Math.Max(RangeRowsMin, RangeMargin * count / share);
        return new ListWay(
            walked <= WalkedRowsMax ? WalkedRowsMax : 0, walksStatus, walksTeam,
            share * known.Rows <= GatheredRowsMax
                ? [new CreationRange(From: null, To: null)]
                : RangesOf(
                    Start(filter, sort, after), End(filter, sort), rows / known.Rows, sort.IsDescending,
                    known.Created));
    }

    /// <summary>Where the page begins at the earliest, itself included.</summary>
    private static DateTime? Start(OrderFilter filter, Sort sort, OrderPosition? after)
    {
        var starts = BoundsOn(sort.IsDescending, filter).ToList();
        if (after is not null)
        {
            starts.Add((DateTime)after.Key);
        }

        return starts.Count == 0 ? null : sort.IsDescending ? starts.Min() : starts.Max();
    }

    /// <summary>Where the list ends at the latest, itself included.</summary>
    private static DateTime? End(OrderFilter filter, Sort sort)
    {
        var ends = BoundsOn(!sort.IsDescending, filter).ToList();
        return ends.Count == 0 ? null : sort.IsDescending ? ends.Max() : ends.Min();
    }

    /// <summary>The limits on the later side, or on the earlier one.</summary>
    private static IEnumerable<DateTime> BoundsOn(bool isLater, OrderFilter filter) => filter.Bounds
        .Where(bound => bound.Comparison is Comparison.Equal || isLater == bound.Comparison is
            Comparison.AtMost or Comparison.Below)
        .Select(bound => (DateTime)bound.Value);

    private static List<CreationRange> RangesOf(
        DateTime? start, DateTime? end, double share, bool isDescending, CreationTimes created)
    {
        var ranges = new List<CreationRange>();
        if (start is { } first && end is { } last && (isDescending ? first < last : first > last))
        {
            return ranges; // nothing can be there
        }

        var tick = TimeSpan.FromMicroseconds(1);
        var edge = isDescending ? start + tick : start;
        var passed = start is { } from ? created.Before(from) : isDescending ? 1 : 0;
        foreach (var growth in RangeGrowth)
        {
            passed += isDescending ? -share * growth : share * growth;
            var next = passed is > 0 and < 1 ? created.At(passed) : (DateTime?)null;
            if (next is null || (isDescending ? next <= end : next > end))
            {
                break;
            }

            if (edge is null || (isDescending ? next < edge : next > edge))
            {
                ranges.Add(isDescending ? new CreationRange(next, edge) : new CreationRange(edge, next));
                edge = next;
            }
        }

        ranges.Add(isDescending ? new CreationRange(end, edge) : new CreationRange(edge, end + tick));
        return ranges;
    }
}
