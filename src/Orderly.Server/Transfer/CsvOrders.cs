using System.Text.Json;
using Orderly.Server.Http;
using Orderly.Server.Orders;

namespace Orderly.Server.Transfer;

/// <summary>
/// Writes orders as rows of CSV: one for each service line, with what is the order's own repeated, or one for each
/// order. The stored JSON is only looked through for where its values stand, which are then copied.
/// </summary>
internal sealed class CsvOrders
{
    private readonly CsvColumn[] _columns;
    private readonly bool _isRowPerOrder;
    private readonly Display _display;
    private readonly OrderCells _cells = new();
    private readonly Run[] _runs;

    public CsvOrders(FieldSelection? fields, bool isRowPerOrder, Display display)
    {
        var columns = CsvColumns.All(isRowPerOrder).Where(column => fields?.Contains(column.Field) ?? true);
        _columns = [.. columns];
        _isRowPerOrder = isRowPerOrder || !Array.Exists(_columns, column => column.IsOfLine);
        _display = display;
        _runs = RunsOf(_columns);
    }

    public void WriteHeader(PooledBuffer output)
    {
        for (var i = 0; i < _columns.Length; i++)
        {
            output.Write(i == 0 ? [] : ","u8);
            output.WriteAscii(_columns[i].Name);
        }

        output.Write(CsvText.LineEnd);
    }

    public void Write(StoredOrder order, PooledBuffer output)
    {
        _cells.Take(order, _display);
        var rows = _isRowPerOrder ? 1 : _cells.LineCount;
        for (var line = 0; line < rows; line++)
        {
            foreach (var run in _runs)
            {
                WriteRun(run, line, order, output);
            }

            output.Write(CsvText.LineEnd);
        }
    }

    /// <summary>What is the order's own was written in the row of its first line, and is copied from there.</summary>
    private void WriteRun(Run run, int line, StoredOrder order, PooledBuffer output)
    {
        if (line > 0 && !run.IsOfLine)
        {
            output.Repeat(run.Start, run.Length);
            return;
        }

        run.Start = output.WrittenCount;
        for (var i = run.First; i <= run.Last; i++)
        {
            output.Write(i == 0 ? [] : ","u8);
            WriteCell(_columns[i], line, order, output);
        }

        run.Length = output.WrittenCount - run.Start;
    }

    private static Run[] RunsOf(CsvColumn[] columns)
    {
        var runs = new List<Run>();
        for (var i = 0; i < columns.Length; i++)
        {
            if (i == 0 || columns[i].IsOfLine != columns[i - 1].IsOfLine)
            {
                runs.Add(new Run(i, columns[i].IsOfLine));
            }

            runs[^1].Last = i;
        }

        return [.. runs];
    }

    private void WriteCell(CsvColumn column, int line, StoredOrder order, PooledBuffer output)
    {
        var before = output.WrittenCount;
        if (column.WriteOwn is { } write)
        {
            write(order, _display.UpdatableAfter, output);
        }
        else
        {
            var value = column.IsOfLine ? _cells.Line(line, column.Slot) : _cells.Value(column.Slot);
            WriteValue(value, output);
        }

        if (_columns.Length == 1 && output.WrittenCount == before)
        {
            output.Write("\"\""u8); // an empty line would be no row at all
        }
    }

    private void WriteValue(JsonSlot slot, PooledBuffer output)
    {
        var value = _cells.Bytes(slot);
        switch (slot.Kind)
        {
            case JsonTokenType.None or JsonTokenType.Null:
                break;
            case JsonTokenType.String:
                CsvText.WriteJsonText(value, output);
                break;
            case JsonTokenType.Number:
                output.Write(value);
                break;
            default:
                CsvText.WriteJson(value, output);
                break;
        }
    }

    /// <summary>Columns beside each other that are all of the line, or all of the order.</summary>
    private sealed class Run(int first, bool isOfLine)
    {
        public int First { get; } = first;

        public bool IsOfLine { get; } = isOfLine;

        public int Last { get; set; }

        /// <summary>Where it was written last.</summary>
        public int Start { get; set; }

        public int Length { get; set; }
    }
}
