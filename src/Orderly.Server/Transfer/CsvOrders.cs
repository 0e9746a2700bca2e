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
    private readonly TimeSpan _updatableAfter;
    private readonly OrderCells _cells = new();

    public CsvOrders(FieldSelection? fields, bool isRowPerOrder, TimeSpan updatableAfter)
    {
        var columns = CsvColumns.All(isRowPerOrder).Where(column => fields?.Contains(column.Field) ?? true);
        _columns = [.. columns];
        _isRowPerOrder = isRowPerOrder || !Array.Exists(_columns, column => column.IsOfLine);
        _updatableAfter = updatableAfter;
    }

    public void WriteHeader(PooledBuffer output) => WriteRow(column => output.WriteAscii(column.Name), output);

    public void Write(StoredOrder order, PooledBuffer output)
    {
        _cells.Take(order);
        var rows = _isRowPerOrder ? 1 : _cells.LineCount;
        for (var line = 0; line < rows; line++)
        {
            WriteRow(column => WriteCell(column, line, order, output), output);
        }
    }

    private void WriteRow(Action<CsvColumn> write, PooledBuffer output)
    {
        for (var i = 0; i < _columns.Length; i++)
        {
            output.Write(i == 0 ? [] : ","u8);
            write(_columns[i]);
        }

        output.Write(CsvText.LineEnd);
    }

    private void WriteCell(CsvColumn column, int line, StoredOrder order, PooledBuffer output)
    {
        var before = output.WrittenCount;
        if (column.WriteOwn is { } write)
        {
            write(order, _updatableAfter, output);
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
}
