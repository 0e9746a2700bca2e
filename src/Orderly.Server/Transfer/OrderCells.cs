using System.Text.Json;
using Orderly.Server.Orders;

namespace Orderly.Server.Transfer;

/// <summary>The values of an order's stored JSON that stand in cells of their own.</summary>
internal enum CellSlot
{
    Datetime,
    TotalFee,
    Currency,
    Services,
    Adjustment,
    Reference,
    Metadata,
    CustomerName,
    CustomerEmail,
    CustomerPhone,
    Notes,
    LineId,
    LineName,
    LineQuantity,
    LineFee,
}

/// <summary>Where a value stands; text without its quotes.</summary>
internal readonly record struct JsonSlot(bool IsPersonal, int Start, int Length, JsonTokenType Kind);

/// <summary>
/// Where the values of one order stand in its stored JSON. Nothing is copied, and the same object serves one order
/// after the other.
/// </summary>
internal sealed class OrderCells
{
    private const int SlotsOfLine = CellSlot.LineFee - CellSlot.LineId + 1;

    private readonly JsonSlot[] _values = new JsonSlot[(int)CellSlot.LineId];
    private readonly List<JsonSlot> _lines = [];
    private byte[] _content = [];
    private byte[] _personal = [];

    public int LineCount => _lines.Count / SlotsOfLine;

    public void Take(StoredOrder order, Display display)
    {
        Array.Clear(_values);
        _lines.Clear();
        _content = order.ContentJson;
        _personal = order.PersonalJson is null ? [] : display.Personal(order.PersonalJson).ToArray();
        TakeContent();
        if (_personal.Length > 0)
        {
            TakePersonal();
        }
    }

    public JsonSlot Value(CellSlot slot) => _values[(int)slot];

    public JsonSlot Line(int line, CellSlot slot) => _lines[(line * SlotsOfLine) + (slot - CellSlot.LineId)];

    public ReadOnlySpan<byte> Bytes(JsonSlot slot) =>
        (slot.IsPersonal ? _personal : _content).AsSpan(slot.Start, slot.Length);

    private void TakeContent()
    {
        var reader = new Utf8JsonReader(_content);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            CellSlot? slot = reader switch
            {
                _ when reader.ValueTextEquals("datetime"u8) => CellSlot.Datetime,
                _ when reader.ValueTextEquals("totalfee"u8) => CellSlot.TotalFee,
                _ when reader.ValueTextEquals("currency"u8) => CellSlot.Currency,
                _ when reader.ValueTextEquals("services"u8) => CellSlot.Services,
                _ when reader.ValueTextEquals("adjustment"u8) => CellSlot.Adjustment,
                _ when reader.ValueTextEquals("reference"u8) => CellSlot.Reference,
                _ when reader.ValueTextEquals("metadata"u8) => CellSlot.Metadata,
                _ => null,
            };
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            if (slot == CellSlot.Services)
            {
                TakeLines(ref reader);
                _values[(int)slot] = new(false, start, (int)reader.BytesConsumed - start, JsonTokenType.StartArray);
            }
            else
            {
                Put(slot, TakeValue(ref reader, isPersonal: false));
            }
        }
    }

    private void TakeLines(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            var first = _lines.Count;
            for (var i = 0; i < SlotsOfLine; i++)
            {
                _lines.Add(default);
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var at = reader switch
                {
                    _ when reader.ValueTextEquals("id"u8) => CellSlot.LineId,
                    _ when reader.ValueTextEquals("name"u8) => CellSlot.LineName,
                    _ when reader.ValueTextEquals("quantity"u8) => CellSlot.LineQuantity,
                    _ => CellSlot.LineFee,
                };
                reader.Read();
                _lines[first + (at - CellSlot.LineId)] = TakeValue(ref reader, isPersonal: false);
            }
        }
    }

    private void TakePersonal()
    {
        var reader = new Utf8JsonReader(_personal);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName || reader.ValueTextEquals("customer"u8))
            {
                continue; // into the customer, whose members are no others' names
            }

            CellSlot? slot = reader switch
            {
                _ when reader.ValueTextEquals("name"u8) => CellSlot.CustomerName,
                _ when reader.ValueTextEquals("email"u8) => CellSlot.CustomerEmail,
                _ when reader.ValueTextEquals("phone"u8) => CellSlot.CustomerPhone,
                _ when reader.ValueTextEquals("notes"u8) => CellSlot.Notes,
                _ => null,
            };
            reader.Read();
            Put(slot, TakeValue(ref reader, isPersonal: true));
        }
    }

    private void Put(CellSlot? slot, JsonSlot value)
    {
        if (slot is { } at)
        {
            _values[(int)at] = value;
        }
    }

    private static JsonSlot TakeValue(ref Utf8JsonReader reader, bool isPersonal)
    {
        var kind = reader.TokenType;
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        var length = (int)reader.BytesConsumed - start;
        return kind == JsonTokenType.String
            ? new JsonSlot(isPersonal, start + 1, length - 2, kind)
            : new JsonSlot(isPersonal, start, length, kind);
    }
}
