using System.Globalization;
using System.Text;
using Orderly.Contract.Problems;
using Orderly.Server.Database;

namespace Orderly.Server.Http;

/// <summary>How many rows a list has in all.</summary>
/// <param name="IsExact">Whether they were counted; otherwise it is about so many.</param>
internal sealed record RowCount(long Value, bool IsExact);

/// <summary>One page of a list, and the cursor of the next; null on the last one.</summary>
internal sealed record Paged<T>(IReadOnlyList<T> Rows, string? Next)
{
    /// <summary>Where the caller asked for it.</summary>
    public RowCount? Count { get; init; }

    /// <summary>How many rows the list has in all, where this page has them all.</summary>
    /// <param name="isFirst">Whether there is no page before.</param>
    public long? CountOfAll(bool isFirst) => isFirst && Next is null ? Rows.Count : null;

    /// <summary>The same with how many rows the list has in all, counted.</summary>
    /// <param name="isFirst">Whether there is no page before.</param>
    /// <param name="count">Counts them, where they are not all on this page.</param>
    public async Task<Paged<T>> CountedAsync(bool isFirst, Func<Task<long>> count) =>
        this with { Count = new RowCount(CountOfAll(isFirst) ?? await count(), IsExact: true) };
}

/// <summary>
/// What every list takes alike: <c>limit</c>, and the <c>cursor</c> of the page before. A cursor holds the key of the
/// last row in as many texts as the list sorts by, and is bound to the list's name, filter and sort.
/// </summary>
internal static class PageInput
{
    public const int SizeMax = 500;
    public const int SizeDefault = 50;

    private const string Exactly = "exact";
    private const string ByEstimate = "estimate";

    /// <summary>What stands between the texts of a key: no text of the service holds it.</summary>
    private const char Separator = '\0';

    public static readonly TakesParameter Limit = Described.Limit(SizeMax, SizeDefault);

    public static readonly TakesParameter After =
        new("cursor", "string", "Where the page starts: `next` of the page before, as it came.")
        {
            LengthMax = Cursor.LengthMax, Pattern = "^[A-Za-z0-9_-]+$",
        };

    public static readonly TakesParameter Count =
        new("count", "string",
            "How many rows there are in all: counted, or about, which is quick however many there are.")
        {
            Values = [Exactly, ByEstimate],
        };

    public static int Size(QueryInput query) => query.WholeNumber(Limit.Name, 1, SizeMax, SizeDefault);

    /// <summary>
    /// Whether the caller wants to know how many rows there are in all, and exactly; null: not at all.
    /// </summary>
    public static bool? CountsExactly(QueryInput query) => query.Choice(Count.Name, Count.Values) switch
    {
        null => null,
        var counting => string.Equals(counting, Exactly, StringComparison.Ordinal),
    };

    /// <summary>Behind which row the page starts; null where it is the first, or the cursor is at fault.</summary>
    /// <param name="query">The query of the request.</param>
    /// <param name="list">The list's name, filter and sort.</param>
    /// <param name="parse">Reads the texts of a key; null where they are none of this list.</param>
    public static T? Position<T>(QueryInput query, string list, Func<string[], T?> parse)
        where T : class
    {
        if (query.Text(After.Name) is not { } text)
        {
            return null;
        }

        if (Cursor.Read(list, text) is { } key && parse(Encoding.UTF8.GetString(key).Split(Separator)) is { } position)
        {
            return position;
        }

        query.Faults.AddParameter(ProblemCode.InvalidCursor, After.Name,
            "The cursor is not one that this list gave, or was made with another filter or sort.");
        return null;
    }

    /// <summary>An instant as it stands in the key of a cursor.</summary>
    public static string KeyOf(DateTime instant) => instant.Ticks.ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads what <see cref="KeyOf"/> wrote; null where it is nothing of that kind.</summary>
    public static DateTime? InstantOf(string key) =>
        long.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
        && ticks <= DateTime.MaxValue.Ticks
            ? new DateTime(ticks, DateTimeKind.Utc)
            : null;

    /// <summary>Out of one row more than asked for, which tells whether there is a next page.</summary>
    /// <param name="found">The rows, in order.</param>
    /// <param name="size">How many were asked for.</param>
    /// <param name="list">The list's name, filter and sort.</param>
    /// <param name="key">The key of a row, as texts.</param>
    /// <param name="endsEarly">There may be more rows than were read: the last one tells of the next page.</param>
    public static Paged<T> Cut<T>(
        List<T> found, int size, string list, Func<T, string[]> key, bool endsEarly = false)
    {
        size = endsEarly ? Math.Min(size, found.Count - 1) : size;
        if (found.Count <= size)
        {
            return new Paged<T>(found, Next: null);
        }

        found.RemoveRange(size, found.Count - size);
        var texts = string.Join(Separator, key(found[^1]));
        return new Paged<T>(found, Cursor.Make(list, Encoding.UTF8.GetBytes(texts)));
    }
}
