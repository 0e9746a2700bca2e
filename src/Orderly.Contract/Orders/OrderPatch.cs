using System.Text.Json.Serialization;

namespace Orderly.Contract.Orders;

/// <summary>
/// A merge patch of an order (RFC 7396), in <c>PATCH /orders/{id}</c>: what is left out stays, null clears.
/// </summary>
public sealed record OrderPatch
{
    /// <summary>When the order takes place: RFC 3339 with an offset. Can't be cleared.</summary>
    [JsonPropertyName("datetime")]
    public DateTimeOffset? Datetime { get; init; }

    /// <summary>
    /// All service lines anew. Can't be cleared; a line that the order has already keeps its snapshot.
    /// </summary>
    [JsonPropertyName("services")]
    public IReadOnlyList<ServiceLineRequest>? Services { get; init; }

    /// <summary>The fee charged; null has it computed from the lines.</summary>
    [JsonPropertyName("totalfee")]
    public decimal? TotalFee { get; init; }

    /// <summary>ISO 4217 code; null puts the configured default.</summary>
    [JsonPropertyName("currency")]
    public string? Currency { get; init; }

    /// <summary>The caller's own name for the order.</summary>
    [JsonPropertyName("reference")]
    public string? Reference { get; init; }

    /// <summary>Who the order is for; its fields are merged, too.</summary>
    [JsonPropertyName("customer")]
    public Customer? Customer { get; init; }

    /// <summary>Free text.</summary>
    [JsonPropertyName("notes")]
    public string? Notes { get; init; }

    /// <summary>Pairs to set; a pair whose value is null is removed.</summary>
    [JsonPropertyName("metadata")]
    public IReadOnlyDictionary<string, string?>? Metadata { get; init; }

    /// <summary>The version that the change is based on; it acts as If-Match.</summary>
    [JsonPropertyName("version")]
    public int? Version { get; init; }
}
