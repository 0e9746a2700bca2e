using Npgsql;

namespace Orderly.Server.Database;

/// <summary>
/// How much a page of orders, versions or events reads: behind so many bytes it ends early, though fewer than asked for
/// were read. It is past what 500 usual ones have; 500 of the largest that there can be would take half a gigabyte. An
/// order has a fraction of it, so that a page that ends early holds several.
/// </summary>
internal static class PageBytes
{
    private const int Max = 8 * 1024 * 1024;

    /// <summary>Reads rows up to where the page ends.</summary>
    /// <param name="reader">Has the rows.</param>
    /// <param name="read">Reads one of them.</param>
    /// <param name="bytesOf">How large what was read is.</param>
    /// <param name="stop">Ends it early.</param>
    public static async Task<List<T>> ReadAsync<T>(
        NpgsqlDataReader reader, Func<NpgsqlDataReader, T> read, Func<T, long> bytesOf, CancellationToken stop)
    {
        var rows = new List<T>();
        for (var bytes = 0L; bytes <= Max && await reader.ReadAsync(stop);)
        {
            rows.Add(read(reader));
            bytes += bytesOf(rows[^1]);
        }

        return rows;
    }

    /// <summary>Whether there may be more, though fewer than asked for were read.</summary>
    public static bool EndsEarly<T>(List<T> rows, Func<T, long> bytesOf) => rows.Sum(bytesOf) > Max;
}
