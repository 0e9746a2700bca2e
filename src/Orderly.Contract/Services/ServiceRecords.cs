using System.Text.Json.Serialization;

namespace Orderly.Contract.Services;

/// <summary>What a caller says of a service record, in <c>PUT /services/{id}</c>.</summary>
public sealed record ServiceRequest
{
    /// <summary>1 to 200 characters.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Must equal the id in the path where given.</summary>
    [JsonPropertyName("id")]
    public string? Id { get; init; }

    /// <summary>At most 4,000 characters.</summary>
    [JsonPropertyName("description")]
    public string? Description { get; init; }

    /// <summary>The fee of one unit, 0 or more, at most 4 decimals and 15 digits; unknown where left out.</summary>
    [JsonPropertyName("fee")]
    public decimal? Fee { get; init; }

    /// <summary>ISO 4217 code; the configured default where left out.</summary>
    [JsonPropertyName("currency")]
    public string? Currency { get; init; }

    /// <summary>Whether new orders may name it; true where left out.</summary>
    [JsonPropertyName("active")]
    public bool? Active { get; init; }
}

/// <summary>A service record: what an order's lines refer to.</summary>
public sealed record ServiceView
{
    /// <summary>Chosen by the caller: <c>[A-Za-z0-9][A-Za-z0-9._-]{0,63}</c>.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>The name that order lines take over.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Free text.</summary>
    [JsonPropertyName("description")]
    public string? Description { get; init; }

    /// <summary>The fee of one unit; null where it is not known.</summary>
    [JsonPropertyName("fee")]
    public decimal? Fee { get; init; }

    /// <summary>ISO 4217 code of the fee.</summary>
    [JsonPropertyName("currency")]
    public required string Currency { get; init; }

    /// <summary>False once retired: new orders can't name it.</summary>
    [JsonPropertyName("active")]
    public required bool Active { get; init; }

    /// <summary>1 when created; every change makes the next.</summary>
    [JsonPropertyName("version")]
    public required int Version { get; init; }

    /// <summary>When it was created, by the database's clock.</summary>
    [JsonPropertyName("createdAt")]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When this version was written, by the database's clock.</summary>
    [JsonPropertyName("updatedAt")]
    public required DateTimeOffset UpdatedAt { get; init; }
}
