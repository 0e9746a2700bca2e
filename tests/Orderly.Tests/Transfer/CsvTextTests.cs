using System.Text;
using CsCheck;
using Orderly.Server.Http;
using Orderly.Server.Transfer;

namespace Orderly.Tests.Transfer;

/// <summary>A cell of CSV comes back as it was, and never as a formula.</summary>
public sealed class CsvTextTests
{
    private static readonly Gen<string> Texts =
        Gen.Frequency((3, Gen.String["=+-@＝＋－＠＇'\t\r\n\", aé€😀"]), (1, Gen.String)).Where(IsUnicode);

    [Fact]
    public void Any_text_comes_back_as_it_was() => Texts.List[1, 5].Sample(texts =>
        CsvRecord.Read(Row(texts))!.Select(cell => CsvText.ReadText(cell!)).SequenceEqual(texts));

    [Fact]
    public void No_cell_begins_as_a_formula_does() => Texts.Sample(text =>
    {
        var cell = CsvRecord.Read(Row([text]))!.Single()!;
        return cell.Length == 0 || !"=+-@＝＋－＠\t\r\n".Contains(cell[0], StringComparison.Ordinal);
    });

    [Fact]
    public void Any_bytes_are_read_without_failing() =>
        Gen.Byte.Array[0, 60].Sample(bytes => CsvRecord.Read(bytes) is null or { Count: > 0 });

    private static byte[] Row(List<string> texts)
    {
        using var output = new PooledBuffer(64);
        for (var i = 0; i < texts.Count; i++)
        {
            output.Write(i == 0 ? [] : ","u8);
            CsvText.WriteText(Encoding.UTF8.GetBytes(texts[i]), output);
        }

        return output.WrittenSpan.ToArray();
    }

    private static bool IsUnicode(string text) =>
        string.Equals(text, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)), StringComparison.Ordinal);
}
