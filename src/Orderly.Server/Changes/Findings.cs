using System.Globalization;

namespace Orderly.Server.Changes;

/// <summary>Something in the log that is not as it was written, and its place.</summary>
/// <param name="OrderId">The order; null where no one order can be named.</param>
/// <param name="Version">The version of the order; null where all of it is meant.</param>
/// <param name="Position">The position in the feed; null where the order is the place.</param>
internal sealed record Finding(Guid? OrderId, int? Version, long? Position, string What)
{
    public override string ToString()
    {
        var place = new List<string>();
        if (Position is { } position)
        {
            place.Add(string.Create(CultureInfo.InvariantCulture, $"feed position {position}"));
        }

        if (OrderId is { } order)
        {
            place.Add(Version is { } version
                ? string.Create(CultureInfo.InvariantCulture, $"order {order:D} version {version}")
                : $"order {order:D}");
        }

        return $"{string.Join(", ", place.DefaultIfEmpty("log"))}: {What}";
    }
}

/// <summary>Collects findings, and tells the first of them as they are found.</summary>
internal sealed class Findings(Action<Finding> tell)
{
    public const int ToldMax = 1_000;

    public long Count { get; private set; }

    public void AddOrder(Guid orderId, int? version, string what) => Add(new Finding(orderId, version, null, what));

    public void AddEntry(long position, Guid orderId, int version, string what) =>
        Add(new Finding(orderId, version, position, what));

    public void AddPosition(long position, string what) => Add(new Finding(null, null, position, what));

    public void AddLog(string what) => Add(new Finding(null, null, null, what));

    private void Add(Finding finding)
    {
        if (++Count <= ToldMax)
        {
            tell(finding);
        }
    }
}
