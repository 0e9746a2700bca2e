namespace Orderly.Server.Orders;

/// <summary>
/// What ways to a page cost PostgreSQL, in µs, as far as they differ: measured with a million orders in memory.
/// </summary>
/// <param name="Read">An order that is walked past and read.</param>
/// <param name="Compared">An order that is walked past in the index alone, to be compared.</param>
internal sealed record ListCosts(double Read, double Compared)
{
    private const double Planned = 300;
    private const double Searched = 70;
    private const double Found = 0.2;
    private const double FoundAndRead = 4;
    private const double FoundNear = 0.7;

    private static readonly ListCosts Together = new(Read: 1.2, Compared: 0.25);
    private static readonly ListCosts AllOver = new(Read: 4, Compared: 0.7);

    /// <summary>Orders that follow each other in the sort are in the same pages of the table, or all over it.</summary>
    public static ListCosts Of(double correlation)
    {
        var together = correlation * correlation; // as PostgreSQL reckons
        return new ListCosts(
            (together * Together.Read) + ((1 - together) * AllOver.Read),
            (together * Together.Compared) + ((1 - together) * AllOver.Compared));
    }

    /// <summary>Of orders that are walked past and read.</summary>
    public double OfRead(double rows) => Read * rows;

    /// <summary>Of orders that are walked past, the entries to compare them with, and those that are in both.</summary>
    public double OfCompared(double rows, double found, double both) =>
        Planned + (Compared * rows) + OfEntries(found, both);

    /// <summary>Of what indexes find that tell enough by themselves, and the orders of it that are read.</summary>
    public static double OfEntries(double found, double read) => (Found * found) + (FoundAndRead * read);

    /// <summary>Of so many searches, and the orders found, which are anywhere or near each other.</summary>
    public static double OfSearched(double searches, double found, bool areNear = false) =>
        (Searched * Math.Max(1, searches)) + ((areNear ? FoundNear : FoundAndRead) * found);
}
