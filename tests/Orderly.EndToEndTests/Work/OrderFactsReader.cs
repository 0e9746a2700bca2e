using System.Text.Json;
using Orderly.EndToEndTests.Checking;

namespace Orderly.EndToEndTests.Work;

/// <summary>Takes out of JSON what the checker compares.</summary>
internal static class OrderFactsReader
{
    /// <summary>The facts of an order as the service shows it.</summary>
    public static OrderFacts Read(JsonElement order, bool isDeleted = false) => new(
        order.GetProperty("status").GetString()!, order.GetProperty("totalfee").GetDecimal(), Marker(order), isDeleted);

    public static int Version(JsonElement order) => order.GetProperty("version").GetInt32();

    public static Guid Id(JsonElement order) => order.GetProperty("id").GetGuid();

    /// <summary>The facts of a stored row: its columns, and the content that is stored as JSON text.</summary>
    public static OrderFacts Read(string status, string content, bool isDeleted)
    {
        using var document = JsonDocument.Parse(content);
        return new OrderFacts(
            status, document.RootElement.GetProperty("totalfee").GetDecimal(), Marker(document.RootElement), isDeleted);
    }

    private static string? Marker(JsonElement order) =>
        order.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object
        && metadata.TryGetProperty("op", out var marker)
            ? marker.GetString()
            : null;
}
