using System.Text.Json.Serialization;

namespace Orderly.Contract.Access;

/// <summary>An API key, without its secret.</summary>
public sealed record KeyView
{
    /// <summary>Made by the server; <c>bootstrap</c> for the first administrator's.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>What the key is for.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>The team that the key belongs to; orders that it places are that team's.</summary>
    [JsonPropertyName("team")]
    public required string Team { get; init; }

    /// <summary>viewer, editor or admin; null where the key has scopes of its own choice.</summary>
    [JsonPropertyName("role")]
    public string? Role { get; init; }

    /// <summary>What the key may do.</summary>
    [JsonPropertyName("scopes")]
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>Whether the key reaches the orders of all teams, or of its own.</summary>
    [JsonPropertyName("reach")]
    public required string Reach { get; init; }

    /// <summary>active, expired or revoked.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    /// <summary>When the key stops being valid; null: never.</summary>
    [JsonPropertyName("expiresAt")]
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The networks that the key can be used from; null: any.</summary>
    [JsonPropertyName("allowedCidrs")]
    public IReadOnlyList<string>? AllowedCidrs { get; init; }

    /// <summary>How much the key may do in a time; null: as configured.</summary>
    [JsonPropertyName("rateLimit")]
    public KeyRateLimit? RateLimit { get; init; }

    /// <summary>1 when created; every change makes the next.</summary>
    [JsonPropertyName("version")]
    public required int Version { get; init; }

    /// <summary>When it was created, by the database's clock.</summary>
    [JsonPropertyName("createdAt")]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The key that created it.</summary>
    [JsonPropertyName("createdBy")]
    public required string CreatedBy { get; init; }

    /// <summary>When this version was written, by the database's clock.</summary>
    [JsonPropertyName("updatedAt")]
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When it was last used, to the minute or so; null: never yet.</summary>
    [JsonPropertyName("lastUsedAt")]
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>When it was revoked; null: it was not.</summary>
    [JsonPropertyName("revokedAt")]
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Until when the secret before the newest is valid, too; null: there is only one.</summary>
    [JsonPropertyName("previousSecretExpiresAt")]
    public DateTimeOffset? PreviousSecretExpiresAt { get; init; }

    /// <summary>The secret: the text to send. Only in the answer that makes it, and never again.</summary>
    [JsonPropertyName("key")]
    public string? Key { get; init; }
}
