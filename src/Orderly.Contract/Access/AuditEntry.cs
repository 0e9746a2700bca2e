using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orderly.Contract.Access;

/// <summary>Something that was done with a power that needs watching.</summary>
public sealed record AuditEntry
{
    /// <summary>Made by the server.</summary>
    [JsonPropertyName("id")]
    public required Guid Id { get; init; }

    /// <summary>When, by the database's clock.</summary>
    [JsonPropertyName("at")]
    public required DateTimeOffset At { get; init; }

    /// <summary>What was done.</summary>
    [JsonPropertyName("type")]
    public required string Type { get; init; }

    /// <summary>The id of the key that did it.</summary>
    [JsonPropertyName("actor")]
    public required string Actor { get; init; }

    /// <summary>The team of what it was done to.</summary>
    [JsonPropertyName("team")]
    public required string Team { get; init; }

    /// <summary>
    /// The id of what it was done to: a key or an order; "orders" for many at once, which the detail counts or lists.
    /// </summary>
    [JsonPropertyName("subject")]
    public required string Subject { get; init; }

    /// <summary>More about it, by type.</summary>
    [JsonPropertyName("detail")]
    public required JsonElement Detail { get; init; }
}
