namespace Orderly.Server.Orders;

/// <summary>How common each of some values is, and how common any other is at most.</summary>
internal sealed record ValueShares(IReadOnlyDictionary<string, double> Known, double Other)
{
    public static readonly ValueShares None = new(new Dictionary<string, double>(StringComparer.Ordinal), 1);

    public double Of(string value) => Known.TryGetValue(value, out var share) ? share : Other;
}

/// <summary>
/// How the values of a field are spread: some with equally many orders between them, and some that many share. Instants
/// are seconds since 1970.
/// </summary>
internal sealed record ValueSpread(
    IReadOnlyList<double> Bounds, IReadOnlyList<double> Shared, IReadOnlyList<double> SharedShares)
{
    /// <summary>
    /// How far orders that follow each other by the field do so in the table, too: 1 or -1 if all do, 0 if none.
    /// </summary>
    public double Correlation { get; init; }

    public bool IsKnown => Bounds.Count > 1 || Shared.Count > 0;

    public double Least => Bounds.Concat(Shared).Min();

    public double Most => Bounds.Concat(Shared).Max();

    public static double Of(object value) => value switch
    {
        DateTime instant => (instant - DateTime.UnixEpoch).TotalSeconds,
        decimal amount => (double)amount,
        long number => number,
        _ => throw new ArgumentOutOfRangeException(nameof(value), value, message: null),
    };

    /// <summary>The share of orders up to a value, and whether those that have it are among them.</summary>
    public double Before(double value, bool included = true)
    {
        var (shared, sharedAll) = (0.0, 0.0);
        for (var i = 0; i < Shared.Count; i++)
        {
            sharedAll += SharedShares[i];
            shared += Shared[i] < value || (included && Shared[i] == value) ? SharedShares[i] : 0;
        }

        return shared + ((1 - sharedAll) * BeforeByBounds(value));
    }

    private double BeforeByBounds(double value)
    {
        if (Bounds.Count < 2 || value < Bounds[0])
        {
            return Bounds.Count > 0 && value >= Bounds[0] ? 1 : 0;
        }

        var i = 0;
        while (i < Bounds.Count - 1 && Bounds[i + 1] <= value)
        {
            i++;
        }

        var within = i == Bounds.Count - 1 ? 0 : (value - Bounds[i]) / (Bounds[i + 1] - Bounds[i]);
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
/// <param name="Spreads">How the values of their fields are spread, by the field.</param>
internal sealed record OrderStatistics(
    double Rows, ValueShares Terms, ValueShares Statuses, ValueShares Teams,
    IReadOnlyDictionary<string, ValueSpread> Spreads)
{
    /// <summary>The share of orders that have all of these terms, were they independent of each other.</summary>
    public double ShareOfTerms(OrderFilter filter) => filter.Terms.Aggregate(1.0, (all, term) => all * Terms.Of(term));

    public ValueSpread Created => Spreads[OrderFilter.CreatedAt];

    public double CorrelationOf(string field) => Spreads.TryGetValue(field, out var spread) ? spread.Correlation : 0;

    /// <summary>The share of orders within limits on some fields; 1 where nothing is known of one.</summary>
    public double ShareOfBounds(IEnumerable<Bound> bounds) => bounds
        .GroupBy(bound => bound.Field, StringComparer.Ordinal)
        .Aggregate(1.0, (all, field) => all * (Spreads.TryGetValue(field.Key, out var spread)
            ? Math.Max(0, Ends(field, spread, isLater: true).Min() - Ends(field, spread, isLater: false).Max())
            : 1));

    /// <summary>The shares of orders up to each limit on one side.</summary>
    private static IEnumerable<double> Ends(IEnumerable<Bound> bounds, ValueSpread spread, bool isLater) => bounds
        .Where(bound => isLater ? bound.IsUpper : bound.IsLower)
        .Select(bound => spread.Before(ValueSpread.Of(bound.Value), included: isLater == bound.HasValue))
        .Append(isLater ? 1 : 0);

    /// <summary>Whether each of these terms is common enough to be known; of another there may be none.</summary>
    public bool KnowsTerms(OrderFilter filter) => filter.Terms.All(Terms.Known.ContainsKey);

    public double ShareOfStatuses(OrderFilter filter) => filter.Statuses.Count == 0
        ? 1
        : Math.Min(1, filter.Statuses.Sum(status => Statuses.Of(status.ToText())));

    public double ShareOfTeams(OrderFilter filter) => filter.Teams.Aggregate(1.0, (all, team) => all * Teams.Of(team));
}
