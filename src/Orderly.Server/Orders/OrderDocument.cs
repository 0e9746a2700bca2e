using System.Buffers;
using System.Text;
using System.Text.Json;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>
/// The JSON of an order. The caller's part is made once, when it is written, and stored ready-made; an answer is
/// the server's part, the stored part and the personal part put together, without reading the stored ones.
/// </summary>
internal static class OrderDocument
{
    /// <summary>The members of an answer, in their order.</summary>
    public static readonly IReadOnlyList<string> Fields =
    [
        "id", "number", "status", "nextStatuses", "datetime", "totalfee", "currency", "services", "adjustment",
        "reference", "metadata", "customer", "notes", "team", "version", "createdAt", "createdBy", "updatedAt",
        "updatedBy", "updatableFrom", "deletedAt",
    ];

    /// <summary>What stands in an answer where there is neither customer nor notes.</summary>
    public static ReadOnlySpan<byte> NoPersonal => "{\"customer\":null,\"notes\":null}"u8;

    /// <summary>Writes the whole order, as an answer shows it.</summary>
    public static void Write(StoredOrder order, Display display, IBufferWriter<byte> output)
    {
        output.WriteJson("{\"id\":"u8, order.Id);
        output.WriteJson(",\"number\":"u8, order.Number);
        output.Write(Statuses[(int)order.Status]);
        Splice(order.ContentJson, output);
        Splice(display.Personal(order.PersonalJson), output);
        output.WriteJson(",\"team\":"u8, order.Team);
        output.WriteJson(",\"version\":"u8, order.Version);
        output.WriteJson(",\"createdAt\":"u8, order.CreatedAt);
        output.WriteJson(",\"createdBy\":"u8, order.CreatedBy);
        output.WriteJson(",\"updatedAt\":"u8, order.UpdatedAt);
        output.WriteJson(",\"updatedBy\":"u8, order.UpdatedBy);
        output.WriteJson(",\"updatableFrom\":"u8, order.CreatedAt + display.UpdatableAfter);
        if (order.DeletedAt is { } deletedAt)
        {
            output.WriteJson(",\"deletedAt\":"u8, deletedAt);
        }

        output.Write("}"u8);
    }

    /// <summary>The members status and nextStatuses, for each status.</summary>
    private static readonly byte[][] Statuses = [.. Enum.GetValues<OrderStatus>().Select(WriteStatus)];

    private static byte[] WriteStatus(OrderStatus status)
    {
        var next = string.Join(',', Order.Next(status).Select(following => $"\"{following.ToText()}\""));
        return Encoding.ASCII.GetBytes($",\"status\":\"{status.ToText()}\",\"nextStatuses\":[{next}]");
    }

    /// <summary>The caller's part but for personal data. Canonical: equal content gives equal bytes.</summary>
    public static byte[] WriteContent(OrderContent content)
    {
        var output = new ArrayBufferWriter<byte>(512);
        var writer = JsonOutput.For(output);
        writer.WriteStartObject();
        writer.WriteInstant("datetime"u8, content.Datetime);
        writer.WriteNumber("totalfee"u8, content.TotalFee);
        writer.WriteString("currency"u8, content.Currency);
        writer.WriteStartArray("services"u8);
        foreach (var line in content.Services)
        {
            writer.WriteStartObject();
            writer.WriteString("id"u8, line.Id);
            writer.WriteString("name"u8, line.Name);
            writer.WriteNumber("quantity"u8, line.Quantity);
            writer.WriteNumberOrNull("fee"u8, line.Fee);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumberOrNull("adjustment"u8, content.Adjustment);
        writer.WriteString("reference"u8, content.Reference);
        writer.WriteStartObject("metadata"u8);
        foreach (var (key, value) in content.Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            writer.WriteString(key, value);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    /// <summary>customer and notes; null where there is neither.</summary>
    public static byte[]? WritePersonal(OrderContent content)
    {
        if (content.Customer is null && content.Notes is null)
        {
            return null;
        }

        var output = new ArrayBufferWriter<byte>(256);
        var writer = JsonOutput.For(output);
        writer.WriteStartObject();
        if (content.Customer is { } customer)
        {
            writer.WriteStartObject("customer"u8);
            writer.WriteString("name"u8, customer.Name);
            writer.WriteString("email"u8, customer.Email);
            writer.WriteString("phone"u8, customer.Phone);
            writer.WriteEndObject();
        }
        else
        {
            writer.WriteNull("customer"u8);
        }

        writer.WriteString("notes"u8, content.Notes);
        writer.WriteEndObject();
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Reads back what <see cref="WriteContent"/> and <see cref="WritePersonal"/> wrote.</summary>
    public static OrderContent ReadContent(byte[] contentJson, byte[]? personalJson)
    {
        using var content = JsonDocument.Parse(contentJson);
        using var personal = personalJson is null ? null : JsonDocument.Parse(personalJson);
        var root = content.RootElement;
        return new OrderContent
        {
            Datetime = root.GetProperty("datetime"u8).GetDateTime(),
            TotalFee = root.GetProperty("totalfee"u8).GetDecimal(),
            Currency = root.GetProperty("currency"u8).GetString()!,
            Services = [.. root.GetProperty("services"u8).EnumerateArray().Select(ReadLine)],
            Reference = root.GetProperty("reference"u8).GetString(),
            Metadata = [.. root.GetProperty("metadata"u8).EnumerateObject()
                .Select(pair => new KeyValuePair<string, string>(pair.Name, pair.Value.GetString()!))],
            Customer = ReadCustomer(personal?.RootElement),
            Notes = personal?.RootElement.GetProperty("notes"u8).GetString(),
        };
    }

    private static ServiceLine ReadLine(JsonElement line) => new(
        line.GetProperty("id"u8).GetString()!,
        line.GetProperty("name"u8).GetString()!,
        line.GetProperty("quantity"u8).GetInt32(),
        line.GetProperty("fee"u8) is { ValueKind: JsonValueKind.Number } fee ? fee.GetDecimal() : null);

    private static CustomerDetails? ReadCustomer(JsonElement? personal) =>
        personal?.GetProperty("customer"u8) is { ValueKind: JsonValueKind.Object } customer
            ? new CustomerDetails(
                customer.GetProperty("name"u8).GetString(),
                customer.GetProperty("email"u8).GetString(),
                customer.GetProperty("phone"u8).GetString())
            : null;

    /// <summary>Puts the members of an object, without its braces, behind those already written.</summary>
    private static void Splice(ReadOnlySpan<byte> json, IBufferWriter<byte> output)
    {
        output.Write(","u8);
        output.Write(json[1..^1]);
    }
}
