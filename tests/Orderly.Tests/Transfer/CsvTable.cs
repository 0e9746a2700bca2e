using System.Text;

namespace Orderly.Tests.Transfer;

/// <summary>Reads CSV as RFC 4180 has it, written apart from the service and as plainly as can be.</summary>
internal static class CsvTable
{
    /// <summary>Rows of cells; the first is the header.</summary>
    public static List<string[]> Read(string text)
    {
        var rows = new List<string[]>();
        var cells = new List<string>();
        var cell = new StringBuilder();
        var inQuotes = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (inQuotes && text[i] == '"' && i + 1 < text.Length && text[i + 1] == '"')
            {
                cell.Append(text[i++]);
            }
            else if (text[i] == '"')
            {
                inQuotes = !inQuotes;
            }
            else if (!inQuotes && (text[i] is ',' or '\r'))
            {
                cells.Add(cell.ToString());
                cell.Clear();
                if (text[i] == '\r')
                {
                    text[++i].ShouldBe('\n');
                    rows.Add([.. cells]);
                    cells.Clear();
                }
            }
            else
            {
                cell.Append(text[i]);
            }
        }

        (cells.Count + cell.Length).ShouldBe(0, "the last row has no end");
        return rows;
    }

    /// <summary>Each row as its cells by the names of the header.</summary>
    public static List<Dictionary<string, string>> ReadNamed(string text)
    {
        var rows = Read(text);
        return [.. rows.Skip(1).Select(row => rows[0].Zip(row).ToDictionary(
            pair => pair.First, pair => pair.Second, StringComparer.Ordinal))];
    }
}
