using System.Text.Json;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>Whether a read-only field that was sent back is as it is stored: by value, and times by instant.</summary>
internal static class ReadOnlyFields
{
    public static bool Matches(in JsonMember member, StoredOrder order, TimeSpan updatableAfter) => member.Name switch
    {
        "id" => TextOf(member.Value) is { } text && Guid.TryParseExact(text, "D", out var id) && id == order.Id,
        "number" => MatchesNumber(member.Value, order.Number),
        "status" => IsText(member.Value, order.Status.ToText()),
        "nextStatuses" => MatchesStatuses(member.Value, Order.Next(order.Status)),
        "adjustment" => order.Content.Adjustment is { } adjustment
            ? MatchesNumber(member.Value, adjustment)
            : member.IsNull,
        "team" => IsText(member.Value, order.Team),
        "createdAt" => IsInstant(member.Value, order.CreatedAt),
        "createdBy" => IsText(member.Value, order.CreatedBy),
        "updatedAt" => IsInstant(member.Value, order.UpdatedAt),
        "updatedBy" => IsText(member.Value, order.UpdatedBy),
        "updatableFrom" => IsInstant(member.Value, order.CreatedAt + updatableAfter),
        _ => false,
    };

    /// <summary>An adjustment, being a difference, may have more digits than are taken of money.</summary>
    private static bool MatchesNumber(JsonElement element, decimal stored) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetDecimal(out var value) && value == stored;

    private static bool MatchesStatuses(JsonElement element, IReadOnlyList<OrderStatus> stored) =>
        element.ValueKind == JsonValueKind.Array
        && element.GetArrayLength() == stored.Count
        && element.EnumerateArray().Zip(stored).All(pair => IsText(pair.First, pair.Second.ToText()));

    private static bool IsText(JsonElement element, string stored) =>
        string.Equals(TextOf(element), stored, StringComparison.Ordinal);

    private static bool IsInstant(JsonElement element, DateTime stored) =>
        TextOf(element) is { } text && Instant.TryParse(text, out var instant) && instant == stored;

    private static string? TextOf(JsonElement element)
    {
        try
        {
            return element.ValueKind == JsonValueKind.String ? element.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair equals nothing that is stored
        }
    }
}
