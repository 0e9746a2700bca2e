using System.Buffers;
using System.Text;
using System.Text.Json;
using Orderly.Contract.Problems;
using Orderly.Server.Http;

namespace Orderly.Server.Transfer;

/// <summary>
/// Makes orders as JSON out of rows of CSV, so that they are read as strictly as any other. A row is an order; with a
/// column <c>id</c> rows with the same one behind each other are the lines of one order, as the CSV of a list has them.
/// An order of which a row can't be read is refused as a whole: without a line it would be another order.
/// </summary>
internal sealed class CsvImport
{
    private const string Id = "id";
    private const string Notes = "notes";
    private const string LinePrefix = "services.";
    private const string CustomerPrefix = "customer.";

    private static readonly string[] Known =
    [
        Id, "datetime", "totalfee", "currency", "services", "services.id", "services.name", "services.quantity",
        "services.fee", "reference", "metadata", "customer.name", "customer.email", "customer.phone", Notes,
        "createdAt",
    ];

    private readonly string[] _columns;
    private readonly int _idAt;
    private readonly List<List<string?>> _lines = [];
    private readonly bool _canHaveManyRows;
    private (long First, long Last) _numbers;

    /// <summary>The id of an order that was refused, and of whose rows more may come.</summary>
    private string? _refused;

    /// <summary>What the row behind it has for an id: that of another order, unless its own is missing.</summary>
    private string? _perhapsRefused;

    /// <summary>
    /// The row before can't be read, and perhaps belongs to the order that comes: to one that its cells, if they are
    /// known, could be of.
    /// </summary>
    private (long Number, List<string?>? Cells)? _stray;

    private CsvImport(string[] columns)
    {
        _columns = columns;
        _idAt = Array.IndexOf(columns, Id);
        _canHaveManyRows = _idAt >= 0 && Array.Exists(columns, IsOfLine);
    }

    /// <summary>Reads the header: every column is known, and there once.</summary>
    public static Result<CsvImport> Start(byte[]? header)
    {
        if (header is null || CsvRecord.Read(header) is not { } cells)
        {
            return new Problem(ProblemCode.InvalidBody, "The header is not CSV (RFC 4180) in UTF-8.");
        }

        var faults = new Faults();
        var columns = cells.Select(cell => cell ?? "").ToArray();
        foreach (var name in columns
            .Where(name => !Known.Contains(name, StringComparer.Ordinal)).TakeWhile(_ => !faults.IsFull))
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
    public IReadOnlyList<ImportRow> Take(InputRecord record)
    {
        if (record.Bytes is not { } bytes)
        {
            return [.. RefuseStray(record.Number), ImportRow.TooLong(record.Number)];
        }

        var cells = CsvRecord.Read(bytes);
        if (cells is null || cells.Count != _columns.Length)
        {
            var refused = ImportRow.Refuse(record.Number, ProblemCode.InvalidBody,
                $"The row is not CSV (RFC 4180) in UTF-8 with {_columns.Length} cells."
                + (_canHaveManyRows ? " The order that it is a line of is refused with it." : ""));
            return [.. RefuseOwner(record.Number, bytes, cells), refused];
        }

        return TakeLine(record.Number, cells);
    }

    /// <summary>The order that is being read, if there is one.</summary>
    public IReadOnlyList<ImportRow> Finish()
    {
        if (_lines.Count == 0)
        {
            return [];
        }

        var row = DifferingColumn() is { } column
            ? ImportRow.Refuse(_numbers.First, ProblemCode.InvalidValue,
                $"The rows of one order differ in the column {Suggestion.Quote(column)}.")
            : ImportRow.Of(_numbers.First, WriteOrder());
        _lines.Clear();
        return [row with { LastNumber = _numbers.Last }];
    }

    private IReadOnlyList<ImportRow> TakeLine(long number, List<string?> cells)
    {
        var id = IdOf(cells);
        var stray = _stray;
        _stray = null;
        if (IsSame(id, _refused) || IsSame(id, _perhapsRefused))
        {
            return [];
        }

        _refused = _perhapsRefused = null;
        var finished = _lines.Count > 0 && !IsSame(id, IdOf(_lines[0])) ? Finish() : [];
        if (_lines.Count == 0)
        {
            _numbers = (number, number);
            if (stray is { } between && id.Length > 0 && (between.Cells is null || IsPartOf(between.Cells, cells)))
            {
                return [.. finished, RefuseBeside(between.Number, id)];
            }
        }

        _lines.Add(cells);
        _numbers.Last = number;
        return _lines.Count <= Orders.OrderInput.ServicesMax ? finished : [.. finished, RefuseTooMany(id)];
    }

    /// <summary>
    /// A row that can't be read: its order is refused by it. A quote that is not closed may have taken in rows of other
    /// orders; and behind other cells the id may be that of another column, since one may be missing or too many.
    /// </summary>
    private IReadOnlyList<ImportRow> RefuseOwner(long number, byte[] row, List<string?>? cells)
    {
        if (_idAt != 0 || !_canHaveManyRows || row.Contains((byte)'\n')
            || CsvRecord.ReadFirst(row) is not { } id || (cells is null && id.Length == 0))
        {
            return RefuseStray(number);
        }

        var isOfThese = _lines.Count > 0
            && (IsSame(id, IdOf(_lines[0])) || (cells is not null && IsPartOf(cells, _lines[0])));
        if (isOfThese)
        {
            id = IdOf(_lines[0]);
            _lines.Clear();
        }

        var isUnsure = !isOfThese && cells is not null;
        _stray = isUnsure ? (number, cells) : null;
        var isBehindRefused = isUnsure && _refused is not null && _lines.Count == 0;
        _perhapsRefused = isBehindRefused ? id : null;
        _refused = isBehindRefused ? _refused : id;
        return Finish();
    }

    /// <summary>
    /// Whether a row of too few or too many cells is one of an order without its id, or with a cell before it: then all
    /// others are where they are in that order, but for the shift.
    /// </summary>
    private bool IsPartOf(List<string?> cells, List<string?> line) =>
        (cells.Count == _columns.Length + 1 && IsSame(cells[1] ?? "", line[0]))
        || (cells.Count == _columns.Length - 1 && Enumerable.Range(1, cells.Count)
            .All(i => IsOfLine(_columns[i]) || cells[i - 1] == line[i]));

    /// <summary>A row of nobody knows which order: perhaps of the one before, perhaps of the one behind.</summary>
    private IReadOnlyList<ImportRow> RefuseStray(long number)
    {
        if (!_canHaveManyRows)
        {
            return Finish();
        }

        _stray = (number, Cells: null);
        return _lines.Count > 0 && IdOf(_lines[0]) is { Length: > 0 } id ? [RefuseBeside(number, id)] : Finish();
    }

    private ImportRow RefuseBeside(long stray, string id) => RefuseAll(id, new Problem(ProblemCode.InvalidBody,
        $"Row {stray} beside this order can't be read, and may be one of its lines."));

    private ImportRow RefuseTooMany(string id)
    {
        var faults = new Faults();
        faults.Add(ProblemCode.InvalidCount, "#/services",
            $"1 to {Orders.OrderInput.ServicesMax} service lines are taken; the rows of this order are more.");
        return RefuseAll(id, faults.ToProblem()!);
    }

    /// <summary>The order that is being read, with all of its rows that may still come.</summary>
    private ImportRow RefuseAll(string id, Problem problem)
    {
        _lines.Clear();
        _refused = id;
        _perhapsRefused = null;
        return new ImportRow(_numbers.First, Body: null, problem) { LastNumber = _numbers.Last };
    }

    private string IdOf(List<string?> cells) => _idAt < 0 ? "" : cells[_idAt] ?? "";

    private static bool IsSame(string id, string? other) => id.Length > 0 && id == other;

    private string? DifferingColumn()
    {
        for (var i = 0; i < _columns.Length; i++)
        {
            if (!IsOfLine(_columns[i]) && _lines.Exists(line => (line[i] ?? "") != (_lines[0][i] ?? "")))
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
            if (i != _idAt && !IsOfLine(_columns[i]) && !IsOfCustomer(_columns[i]) && IsGiven(_columns[i], first[i]))
            {
                WriteMember(writer, _columns[i], first[i]!);
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
    private void WriteGroup(Utf8JsonWriter writer, string? name, string prefix, List<string?> cells)
    {
        var at = Enumerable.Range(0, _columns.Length)
            .Where(i => _columns[i].StartsWith(prefix, StringComparison.Ordinal) && IsGiven(_columns[i], cells[i]))
            .ToList();
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
            WriteMember(writer, _columns[i][prefix.Length..], cells[i]!);
        }

        writer.WriteEndObject();
    }

    /// <summary>What is no number, or no JSON, is passed on as text, and refused where it is read.</summary>
    private static void WriteMember(Utf8JsonWriter writer, string name, string cell)
    {
        writer.WritePropertyName(name);
        if (name is "totalfee" or "quantity" or "fee" && JsonMembers.IsNumber(cell))
        {
            writer.WriteRawValue(cell);
        }
        else if (name is "services" or "metadata" && IsJson(cell))
        {
            writer.WriteRawValue(cell, skipInputValidation: true);
        }
        else
        {
            writer.WriteStringValue(CsvText.ReadText(cell));
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

    /// <summary>Only notes may be empty text; elsewhere quotes around every cell mean no more than none.</summary>
    private static bool IsGiven(string column, string? cell) =>
        cell?.Length > 0 || (cell is not null && string.Equals(column, Notes, StringComparison.Ordinal));

    private static bool IsOfLine(string column) => column.StartsWith(LinePrefix, StringComparison.Ordinal);

    private static bool IsOfCustomer(string column) => column.StartsWith(CustomerPrefix, StringComparison.Ordinal);
}
