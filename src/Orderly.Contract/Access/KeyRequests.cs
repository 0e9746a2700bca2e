using System.Text.Json.Serialization;

namespace Orderly.Contract.Access;

/// <summary>What a caller says of a new key, in <c>POST /keys</c>. Give either a role or scopes.</summary>
public sealed record KeyRequest
{
    /// <summary>What the key is for, 1 to 200 characters.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>The team that the key belongs to; the caller's own where left out.</summary>
    [JsonPropertyName("team")]
    public string? Team { get; init; }

    /// <summary>viewer, editor or admin.</summary>
    [JsonPropertyName("role")]
    public string? Role { get; init; }

    /// <summary>What the key may do, where no role fits.</summary>
    [JsonPropertyName("scopes")]
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>Whether the key reaches the orders of all teams, or of its own; its own where left out.</summary>
    [JsonPropertyName("reach")]
    public string? Reach { get; init; }

    /// <summary>When the key stops being valid; never where left out.</summary>
    [JsonPropertyName("expiresAt")]
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The networks that the key can be used from; any where left out.</summary>
    [JsonPropertyName("allowedCidrs")]
    public IReadOnlyList<string>? AllowedCidrs { get; init; }

    /// <summary>How much the key may do in a time; what is left out is as configured.</summary>
    [JsonPropertyName("rateLimit")]
    public KeyRateLimit? RateLimit { get; init; }
}

/// <summary>A merge patch of a key (RFC 7396): what is left out stays, null clears.</summary>
public sealed record KeyPatch
{
    /// <summary>What the key is for, 1 to 200 characters. Can't be cleared.</summary>
    [JsonPropertyName("name")]
    public string? Name { get; init; }

    /// <summary>viewer, editor or admin; takes the place of scopes.</summary>
    [JsonPropertyName("role")]
    public string? Role { get; init; }

    /// <summary>What the key may do; takes the place of the role.</summary>
    [JsonPropertyName("scopes")]
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>all or team. Can't be cleared.</summary>
    [JsonPropertyName("reach")]
    public string? Reach { get; init; }

    /// <summary>When the key stops being valid; null: never.</summary>
    [JsonPropertyName("expiresAt")]
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The networks that the key can be used from; null: any.</summary>
    [JsonPropertyName("allowedCidrs")]
    public IReadOnlyList<string>? AllowedCidrs { get; init; }

    /// <summary>How much the key may do in a time; null: as configured.</summary>
    [JsonPropertyName("rateLimit")]
    public KeyRateLimitPatch? RateLimit { get; init; }

    /// <summary>The version that the change is based on; it acts as If-Match.</summary>
    [JsonPropertyName("version")]
    public int? Version { get; init; }
}

/// <summary>The body of <c>POST /keys/{id}/rotate</c>, which may be left out.</summary>
public sealed record RotateRequest
{
    /// <summary>For how many seconds the secret before stays valid; 0 ends it at once. A day where left out.</summary>
    [JsonPropertyName("overlapSeconds")]
    public int? OverlapSeconds { get; init; }

    /// <summary>The version that the change is based on; it acts as If-Match.</summary>
    [JsonPropertyName("version")]
    public int? Version { get; init; }
}

/// <summary>How much a key may do in a time; null: as configured.</summary>
public sealed record KeyRateLimit
{
    /// <summary>Requests that read.</summary>
    [JsonPropertyName("reads")]
    public RateLimitRule? Reads { get; init; }

    /// <summary>Requests that write.</summary>
    [JsonPropertyName("writes")]
    public RateLimitRule? Writes { get; init; }

    /// <summary>Streams that are opened.</summary>
    [JsonPropertyName("streams")]
    public RateLimitRule? Streams { get; init; }
}

/// <summary>So much in so many seconds.</summary>
public sealed record RateLimitRule
{
    /// <summary>How many.</summary>
    [JsonPropertyName("quota")]
    public required int Quota { get; init; }

    /// <summary>In how many seconds.</summary>
    [JsonPropertyName("windowSeconds")]
    public required int WindowSeconds { get; init; }
}

/// <summary>A merge patch of a key's limits.</summary>
public sealed record KeyRateLimitPatch
{
    /// <summary>Requests that read; null: as configured.</summary>
    [JsonPropertyName("reads")]
    public RateLimitRulePatch? Reads { get; init; }

    /// <summary>Requests that write; null: as configured.</summary>
    [JsonPropertyName("writes")]
    public RateLimitRulePatch? Writes { get; init; }

    /// <summary>Streams that are opened; null: as configured.</summary>
    [JsonPropertyName("streams")]
    public RateLimitRulePatch? Streams { get; init; }
}

/// <summary>A merge patch of one limit: what is left out stays.</summary>
public sealed record RateLimitRulePatch
{
    /// <summary>How many. Can't be cleared.</summary>
    [JsonPropertyName("quota")]
    public int? Quota { get; init; }

    /// <summary>In how many seconds. Can't be cleared.</summary>
    [JsonPropertyName("windowSeconds")]
    public int? WindowSeconds { get; init; }
}
