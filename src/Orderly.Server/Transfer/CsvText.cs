using System.Buffers;
using System.Text;
using Orderly.Server.Http;

namespace Orderly.Server.Transfer;

/// <summary>
/// Cells of CSV (RFC 4180). A spreadsheet takes text that begins with = + - @ (as wide as an ideograph, too), a tab or
/// the end of a line for a formula and runs it; such text gets a ' before it, which an import takes away again. So that
/// this can be told from text that has the ' itself, text of that shape gets one more.
/// </summary>
internal static class CsvText
{
    public const byte Separator = (byte)',';
    public const byte Quote = (byte)'"';
    private const byte Apostrophe = (byte)'\'';

    /// <summary>Longer texts with escapes are unescaped in memory of the pool.</summary>
    private const int StackLengthMax = 512;

    private static readonly SearchValues<byte> Formula = SearchValues.Create("=+-@\t\r\n"u8);
    private static readonly SearchValues<byte> Quoted = SearchValues.Create(",\"\r\n "u8);

    public static ReadOnlySpan<byte> LineEnd => "\r\n"u8;

    /// <summary>Text that a person wrote; an empty one stands in quotes, which tells it from none.</summary>
    public static void WriteText(ReadOnlySpan<byte> text, PooledBuffer output)
    {
        var isNeutralised = LooksLikeFormula(text);
        if (!isNeutralised && text.Length > 0 && text.IndexOfAny(Quoted) < 0)
        {
            output.Write(text);
            return;
        }

        WriteQuoted(isNeutralised ? "'"u8 : [], text, output);
    }

    /// <summary>JSON as a cell: never a formula, since it begins with a bracket.</summary>
    public static void WriteJson(ReadOnlySpan<byte> json, PooledBuffer output) => WriteQuoted([], json, output);

    /// <summary>Text as it stands between the quotes of JSON.</summary>
    public static void WriteJsonText(ReadOnlySpan<byte> escaped, PooledBuffer output)
    {
        if (escaped.IndexOf((byte)'\\') < 0)
        {
            WriteText(escaped, output);
            return;
        }

        byte[]? rented = null;
        Span<byte> place = escaped.Length <= StackLengthMax
            ? stackalloc byte[StackLengthMax]
            : rented = ArrayPool<byte>.Shared.Rent(escaped.Length);
        var length = Unescape(escaped, place);
        WriteText(place[..length], output);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>What a cell of text means: without the ' that a formula gets.</summary>
    public static string ReadText(string cell) =>
        cell.Length > 1 && cell[0] == '\'' && LooksLikeFormula(Encoding.UTF8.GetBytes(cell)) ? cell[1..] : cell;

    private static bool LooksLikeFormula(ReadOnlySpan<byte> text)
    {
        var first = text.IndexOfAnyExcept(Apostrophe);
        return first >= 0 && (Formula.Contains(text[first]) || IsWideSign(text[first..]));
    }

    /// <summary>＝ ＋ － ＠, which spreadsheets of languages that write so take for the same signs.</summary>
    private static bool IsWideSign(ReadOnlySpan<byte> text) =>
        text is [0xEF, 0xBC, 0x9D or 0x8B or 0x8D or 0xA0, ..];

    private static void WriteQuoted(ReadOnlySpan<byte> before, ReadOnlySpan<byte> text, PooledBuffer output)
    {
        output.Write("\""u8);
        output.Write(before);
        for (var quote = text.IndexOf(Quote); quote >= 0; quote = text.IndexOf(Quote))
        {
            output.Write(text[..(quote + 1)]);
            output.Write("\""u8);
            text = text[(quote + 1)..];
        }

        output.Write(text);
        output.Write("\""u8);
    }

    /// <summary>Unescaped text is never longer.</summary>
    private static int Unescape(ReadOnlySpan<byte> escaped, Span<byte> target)
    {
        byte[] token = [Quote, .. escaped, Quote];
        var reader = new System.Text.Json.Utf8JsonReader(token);
        reader.Read();
        return reader.CopyString(target);
    }
}
