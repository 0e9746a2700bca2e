using System.Buffers;
using System.Text;
using System.Text.Json;
using Orderly.Contract.Problems;
using Orderly.Server.Http;

namespace Orderly.Server.Transfer;

/// <summary>
/// Makes orders as JSON out of rows of CSV, so that they are read as strictly as any other. A row is an order; with a
/// column <c>id</c> rows with the same one behind each other are the lines of one order, as the CSV of a list has them.
/// </summary>
internal sealed class CsvImport
{
    private const string Id = "id";
    private const string LinePrefix = "services.";
    private const string CustomerPrefix = "customer.";

    private static readonly string[] Known =
    [
        Id, "datetime", "totalfee", "currency", "services", "services.id", "services.name", "services.quantity",
        "services.fee", "reference", "metadata", "customer.name", "customer.email", "customer.phone", "notes",
        "createdAt",
    ];

    private readonly string[] _columns;
    private readonly int _idAt;
    private readonly List<List<CsvCell>> _lines = [];
    private long _firstNumber;

    private CsvImport(string[] columns)
    {
        _columns = columns;
        _idAt = Array.IndexOf(columns, Id);
    }

    /// <summary>Reads the header: every column is known, and there once.</summary>
    public static Result<CsvImport> Start(byte[]? header)
    {
        if (header is null || CsvRecord.Read(header) is not { } cells)
        {
            return new Problem(ProblemCode.InvalidBody, "The header is not CSV (RFC 4180) in UTF-8.");
        }

        var faults = new Faults();
        var columns = cells.Select(cell => cell.Text).ToArray();
        foreach (var name in columns.Where(name => !Known.Contains(name, StringComparer.Ordinal)))
        {
            faults.Add(ProblemCode.UnknownField, JsonMember.PointerTo("#", name),
                $"An import has no column {Suggestion.Quote(name)}.{Suggestion.For(name, Known)}");
        }

        foreach (var name in columns.GroupBy(name => name, StringComparer.Ordinal).Where(same => same.Count() > 1))
        {
            faults.Add(ProblemCode.DuplicateField, JsonMember.PointerTo("#", name.Key),
                $"The column {Suggestion.Quote(name.Key)} stands more than once.");
        }

        if (columns.Contains("services", StringComparer.Ordinal) && Array.Exists(columns, IsOfLine))
        {
            faults.Add(ProblemCode.DuplicateField, "#/services",
                "Service lines stand in a column services, or in columns services.id and so on, but not in both.");
        }

        return faults.ToProblem() is { } problem ? problem : new CsvImport(columns);
    }

    /// <summary>
    /// Takes a row. What comes back is the order before, once it is whole, or a row that can't be read.
    /// </summary>
    public IEnumerable<ImportRow> Take(InputRecord record)
    {
        if (record.Bytes is not { } bytes)
        {
            return [.. Finish(), ImportRow.TooLong(record.Number)];
        }

        if (CsvRecord.Read(bytes) is not { } cells || cells.Count != _columns.Length)
        {
            return [.. Finish(), ImportRow.Refuse(record.Number, ProblemCode.InvalidBody,
                $"The row is not CSV (RFC 4180) in UTF-8 with {_columns.Length} cells.")];
        }

        var finished = _lines.Count > 0 && !ContinuesOrder(cells) ? Finish() : [];
        if (_lines.Count == 0)
        {
            _firstNumber = record.Number;
        }

        _lines.Add(cells);
        return finished;
    }

    /// <summary>The order that is being read, if there is one.</summary>
    public IReadOnlyList<ImportRow> Finish()
    {
        if (_lines.Count == 0)
        {
            return [];
        }

        var row = DifferingColumn() is { } column
            ? ImportRow.Refuse(_firstNumber, ProblemCode.InvalidValue,
                $"The rows of one order differ in the column {Suggestion.Quote(column)}.")
            : ImportRow.Of(_firstNumber, WriteOrder());
        _lines.Clear();
        return [row];
    }

    /// <summary>More lines than an order has are refused as one, and not kept.</summary>
    private bool ContinuesOrder(List<CsvCell> cells) =>
        _idAt >= 0 && !cells[_idAt].IsAbsent && cells[_idAt] == _lines[0][_idAt]
        && _lines.Count <= Orders.OrderInput.ServicesMax;

    private string? DifferingColumn()
    {
        for (var i = 0; i < _columns.Length; i++)
        {
            if (!IsOfLine(_columns[i]) && _lines.Exists(line => line[i] != _lines[0][i]))
            {
                return _columns[i];
            }
        }

        return null;
    }

    private byte[] WriteOrder()
    {
        var output = new ArrayBufferWriter<byte>(512);
        var writer = JsonOutput.For(output);
        var first = _lines[0];
        writer.WriteStartObject();
        for (var i = 0; i < _columns.Length; i++)
        {
            if (i != _idAt && !IsOfLine(_columns[i]) && !IsOfCustomer(_columns[i]) && !first[i].IsAbsent)
            {
                WriteMember(writer, _columns[i], first[i]);
            }
        }

        WriteGroup(writer, "customer", CustomerPrefix, first);
        if (Array.Exists(_columns, IsOfLine))
        {
            writer.WriteStartArray("services");
            foreach (var line in _lines)
            {
                WriteGroup(writer, name: null, LinePrefix, line);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The members whose columns have the prefix; for a member of its own only where there are any.</summary>
    private void WriteGroup(Utf8JsonWriter writer, string? name, string prefix, List<CsvCell> cells)
    {
        var at = Enumerable.Range(0, _columns.Length)
            .Where(i => _columns[i].StartsWith(prefix, StringComparison.Ordinal) && !cells[i].IsAbsent).ToList();
        if (name is not null && at.Count == 0)
        {
            return;
        }

        if (name is not null)
        {
            writer.WritePropertyName(name);
        }

        writer.WriteStartObject();
        foreach (var i in at)
        {
            WriteMember(writer, _columns[i][prefix.Length..], cells[i]);
        }

        writer.WriteEndObject();
    }

    /// <summary>What is no number, or no JSON, is passed on as text, and refused where it is read.</summary>
    private static void WriteMember(Utf8JsonWriter writer, string name, CsvCell cell)
    {
        writer.WritePropertyName(name);
        if (name is "totalfee" or "quantity" or "fee" && JsonMembers.IsNumber(cell.Text))
        {
            writer.WriteRawValue(cell.Text);
        }
        else if (name is "services" or "metadata" && IsJson(cell.Text))
        {
            writer.WriteRawValue(cell.Text, skipInputValidation: true);
        }
        else
        {
            writer.WriteStringValue(CsvText.ReadText(cell.Text));
        }
    }

    private static bool IsJson(string text)
    {
        if (JsonBody.Parse(Encoding.UTF8.GetBytes(text)).IsRefused(out _, out var json))
        {
            return false;
        }

        json.Dispose();
        return true;
    }

    private static bool IsOfLine(string column) => column.StartsWith(LinePrefix, StringComparison.Ordinal);

    private static bool IsOfCustomer(string column) => column.StartsWith(CustomerPrefix, StringComparison.Ordinal);
}
