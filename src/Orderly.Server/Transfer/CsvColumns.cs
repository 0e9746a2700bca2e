using System.Buffers.Text;
using System.Text;
using Orderly.Server.Http;
using Orderly.Server.Orders;

namespace Orderly.Server.Transfer;

/// <summary>A column of CSV.</summary>
/// <param name="Name">As the header has it.</param>
/// <param name="Field">The member of the order that it belongs to.</param>
/// <param name="Slot">Where it stands in the stored JSON.</param>
internal sealed record CsvColumn(string Name, string Field, CellSlot Slot)
{
    /// <summary>Writes what does not stand in the stored JSON.</summary>
    public Action<StoredOrder, TimeSpan, PooledBuffer>? WriteOwn { get; init; }

    /// <summary>Whether it says something of one service line.</summary>
    public bool IsOfLine => WriteOwn is null && Slot >= CellSlot.LineId;

    public static CsvColumn Own(string name, Action<StoredOrder, TimeSpan, PooledBuffer> write) =>
        new(name, name, default) { WriteOwn = write };
}

/// <summary>The columns of CSV, in the order of the members of an answer.</summary>
internal static class CsvColumns
{
    private static readonly CsvColumn[] BeforeServices =
    [
        CsvColumn.Own("id", (order, _, output) => WriteId(order.Id, output)),
        CsvColumn.Own("number", (order, _, output) => WriteNumber(order.Number, output)),
        CsvColumn.Own("status", (order, _, output) => output.WriteAscii(order.Status.ToText())),
        CsvColumn.Own("nextStatuses", (order, _, output) => WriteNext(order, output)),
        new("datetime", "datetime", CellSlot.Datetime),
        new("totalfee", "totalfee", CellSlot.TotalFee),
        new("currency", "currency", CellSlot.Currency),
    ];

    private static readonly CsvColumn[] OfLine =
    [
        new("services.id", "services", CellSlot.LineId),
        new("services.name", "services", CellSlot.LineName),
        new("services.quantity", "services", CellSlot.LineQuantity),
        new("services.fee", "services", CellSlot.LineFee),
    ];

    private static readonly CsvColumn Services = new("services", "services", CellSlot.Services);

    private static readonly CsvColumn[] BehindServices =
    [
        new("adjustment", "adjustment", CellSlot.Adjustment),
        new("reference", "reference", CellSlot.Reference),
        new("metadata", "metadata", CellSlot.Metadata),
        new("customer.name", "customer", CellSlot.CustomerName),
        new("customer.email", "customer", CellSlot.CustomerEmail),
        new("customer.phone", "customer", CellSlot.CustomerPhone),
        new("notes", "notes", CellSlot.Notes),
        CsvColumn.Own("team", (order, _, output) => WriteText(order.Team, output)),
        CsvColumn.Own("version", (order, _, output) => WriteNumber(order.Version, output)),
        CsvColumn.Own("createdAt", (order, _, output) => WriteInstant(order.CreatedAt, output)),
        CsvColumn.Own("createdBy", (order, _, output) => WriteText(order.CreatedBy, output)),
        CsvColumn.Own("updatedAt", (order, _, output) => WriteInstant(order.UpdatedAt, output)),
        CsvColumn.Own("updatedBy", (order, _, output) => WriteText(order.UpdatedBy, output)),
        CsvColumn.Own("updatableFrom", (order, after, output) => WriteInstant(order.CreatedAt + after, output)),
        CsvColumn.Own("deletedAt", (order, _, output) => WriteInstant(order.DeletedAt, output)),
    ];

    private static readonly Dictionary<OrderStatus, byte[]> NextStatuses =
        Enum.GetValues<OrderStatus>().ToDictionary(status => status, NextOf);

    public static IReadOnlyList<CsvColumn> All(bool isRowPerOrder) =>
        isRowPerOrder
            ? [.. BeforeServices, Services, .. BehindServices]
            : [.. BeforeServices, .. OfLine, .. BehindServices];

    private static void WriteNumber(long value, PooledBuffer output)
    {
        var place = output.GetSpan(20);
        _ = Utf8Formatter.TryFormat(value, place, out var length); // there is room for any
        output.Advance(length);
    }

    private static void WriteInstant(DateTime? instant, PooledBuffer output)
    {
        if (instant is { } at)
        {
            output.Advance(Instant.Format(at, output.GetSpan(Instant.LengthMax)));
        }
    }

    private static void WriteText(string text, PooledBuffer output)
    {
        Span<byte> utf8 = stackalloc byte[512];
        if (Encoding.UTF8.TryGetBytes(text, utf8, out var length))
        {
            CsvText.WriteText(utf8[..length], output);
        }
        else
        {
            CsvText.WriteText(Encoding.UTF8.GetBytes(text), output);
        }
    }

    private static void WriteId(Guid id, PooledBuffer output)
    {
        _ = Utf8Formatter.TryFormat(id, output.GetSpan(36), out var length); // there is room for any
        output.Advance(length);
    }

    private static void WriteNext(StoredOrder order, PooledBuffer output) =>
        CsvText.WriteJson(NextStatuses[order.Status], output);

    private static byte[] NextOf(OrderStatus status) =>
        Encoding.ASCII.GetBytes($"[{string.Join(',', Order.Next(status).Select(next => $"\"{next.ToText()}\""))}]");
}
