namespace Orderly.Server.Orders;

/// <summary>How common each of some values is, and how common the others are at most.</summary>
internal sealed record ValueShares(IReadOnlyDictionary<string, double> Known, double Other)
{
    public static readonly ValueShares None = new(new Dictionary<string, double>(StringComparer.Ordinal), 1);

    public double Of(string value) => Known.TryGetValue(value, out var share) ? share : Other;
}

/// <summary>When orders were created: instants with equally many between them, and some that many share.</summary>
internal sealed record CreationTimes(
    IReadOnlyList<DateTime> Bounds, IReadOnlyList<DateTime> Shared, IReadOnlyList<double> SharedShares)
{
    /// <summary>Halves a range of times until it is shorter than a second.</summary>
    private const int StepsMax = 40;

    /// <summary>The share of orders up to an instant.</summary>
    public double Before(DateTime at)
    {
        var (shared, sharedAll) = (0.0, 0.0);
        for (var i = 0; i < Shared.Count; i++)
        {
            sharedAll += SharedShares[i];
            shared += Shared[i] <= at ? SharedShares[i] : 0;
        }

        return shared + ((1 - sharedAll) * BeforeByBounds(at));
    }

    /// <summary>The instant up to which there is this share of orders.</summary>
    public DateTime At(double share)
    {
        var (low, high) = (Least, Most);
        for (var i = 0; i < StepsMax && high - low > TimeSpan.FromSeconds(1); i++)
        {
            var middle = low + ((high - low) / 2);
            (low, high) = Before(middle) < share ? (middle, high) : (low, middle);
        }

        return high;
    }

    private DateTime Least => Bounds.Concat(Shared).Min();

    private DateTime Most => Bounds.Concat(Shared).Max();

    private double BeforeByBounds(DateTime at)
    {
        if (Bounds.Count < 2 || at < Bounds[0])
        {
            return Bounds.Count > 0 && at >= Bounds[0] ? 1 : 0;
        }

        var i = 0;
        while (i < Bounds.Count - 1 && Bounds[i + 1] <= at)
        {
            i++;
        }

        var within = i == Bounds.Count - 1 ? 0 : (at - Bounds[i]) / (Bounds[i + 1] - Bounds[i]);
        return (i + within) / (Bounds.Count - 1);
    }
}

/// <summary>
/// What PostgreSQL knows of the orders by its samples: enough to say about how many have to be looked at.
/// </summary>
/// <param name="Rows">How many orders there are.</param>
/// <param name="Terms">Their terms.</param>
/// <param name="Statuses">Their statuses.</param>
/// <param name="Teams">Their teams.</param>
/// <param name="Created">When they were created.</param>
/// <param name="ClockAhead">By how much the database's clock is ahead of this process's.</param>
internal sealed record OrderStatistics(
    double Rows, ValueShares Terms, ValueShares Statuses, ValueShares Teams, CreationTimes Created, TimeSpan ClockAhead)
{
    /// <summary>The share of orders that have all of these terms, were they independent of each other.</summary>
    public double ShareOfTerms(OrderFilter filter) => filter.Terms.Aggregate(1.0, (all, term) => all * Terms.Of(term));

    public double ShareOfStatuses(OrderFilter filter) => filter.Statuses.Count == 0
        ? 1
        : Math.Min(1, filter.Statuses.Sum(status => Statuses.Of(status.ToText())));

    public double ShareOfTeams(OrderFilter filter) => filter.Teams.Aggregate(1.0, (all, team) => all * Teams.Of(team));
}
