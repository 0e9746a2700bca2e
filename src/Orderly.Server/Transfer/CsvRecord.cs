using System.Text;

namespace Orderly.Server.Transfer;

/// <summary>
/// Reads one row of CSV (RFC 4180), strictly: quotes stand around a whole cell. Nothing at all between two commas is
/// null, a pair of quotes empty text.
/// </summary>
internal static class CsvRecord
{
    /// <summary>The cells; null where the row is no CSV or not UTF-8.</summary>
    public static List<string?>? Read(ReadOnlySpan<byte> row)
    {
        if (!System.Text.Unicode.Utf8.IsValid(row))
        {
            return null;
        }

        var cells = new List<string?>();
        while (FirstLength(row) is { } length)
        {
            cells.Add(Cell(row[..length]));
            if (length == row.Length)
            {
                return cells;
            }

            row = row[(length + 1)..];
        }

        return null;
    }

    /// <summary>The text of the first cell of a row, whatever is behind it; null where it is no cell.</summary>
    public static string? ReadFirst(ReadOnlySpan<byte> row) =>
        FirstLength(row) is { } length && System.Text.Unicode.Utf8.IsValid(row[..length])
            ? Cell(row[..length]) ?? ""
            : null;

    private static int? FirstLength(ReadOnlySpan<byte> row)
    {
        var length = row.Length > 0 && row[0] == CsvText.Quote ? QuotedLength(row) : PlainLength(row);
        return length < 0 || (length < row.Length && row[length] != CsvText.Separator) ? null : length;
    }

    private static string? Cell(ReadOnlySpan<byte> bytes) => bytes.Length > 0 && bytes[0] == CsvText.Quote
        ? Unquote(bytes[1..^1])
        : bytes.IsEmpty ? null : Encoding.UTF8.GetString(bytes);

    private static int PlainLength(ReadOnlySpan<byte> row)
    {
        var end = row.IndexOfAny(CsvText.Separator, CsvText.Quote);
        return end < 0 ? row.Length : row[end] == CsvText.Quote ? -1 : end;
    }

    private static int QuotedLength(ReadOnlySpan<byte> row)
    {
        for (var at = 1; at < row.Length; at++)
        {
            if (row[at] == CsvText.Quote)
            {
                if (at + 1 == row.Length || row[at + 1] != CsvText.Quote)
                {
                    return at + 1;
                }

                at++;
            }
        }

        return -1;
    }

    private static string Unquote(ReadOnlySpan<byte> text) =>
        Encoding.UTF8.GetString(text).Replace("\"\"", "\"", StringComparison.Ordinal);
}
