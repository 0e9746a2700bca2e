using System.Text.Json.Serialization;

namespace Orderly.Contract.Services;

/// <summary>A merge patch of a service record (RFC 7396): what is left out stays, null clears.</summary>
public sealed record ServicePatch
{
    /// <summary>1 to 200 characters. Can't be cleared.</summary>
    [JsonPropertyName("name")]
    public string? Name { get; init; }

    /// <summary>At most 4,000 characters.</summary>
    [JsonPropertyName("description")]
    public string? Description { get; init; }

    /// <summary>The fee of one unit.</summary>
    [JsonPropertyName("fee")]
    public decimal? Fee { get; init; }

    /// <summary>ISO 4217 code; null puts the configured default.</summary>
    [JsonPropertyName("currency")]
    public string? Currency { get; init; }

    /// <summary>Whether new orders may name it; null means true.</summary>
    [JsonPropertyName("active")]
    public bool? Active { get; init; }

    /// <summary>The version that the change is based on; it acts as If-Match.</summary>
    [JsonPropertyName("version")]
    public int? Version { get; init; }
}
