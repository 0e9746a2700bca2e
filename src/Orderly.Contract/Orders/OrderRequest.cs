using System.Text.Json.Serialization;

namespace Orderly.Contract.Orders;

/// <summary>What a caller says of an order, in <c>POST /orders</c> and <c>PUT /orders/{id}</c>.</summary>
public sealed record OrderRequest
{
    /// <summary>When the order takes place: RFC 3339 with an offset, from year 1900 to 2200, kept to the µs.</summary>
    [JsonPropertyName("datetime")]
    public required DateTimeOffset Datetime { get; init; }

    /// <summary>The service lines, 1 to 200 of them.</summary>
    [JsonPropertyName("services")]
    public required IReadOnlyList<ServiceLineRequest> Services { get; init; }

    /// <summary>
    /// The fee charged, 0 or more, at most 4 decimals and 15 digits. Left out: the sum of quantity × fee of the lines.
    /// </summary>
    [JsonPropertyName("totalfee")]
    public decimal? TotalFee { get; init; }

    /// <summary>ISO 4217 code of the currency; the configured default where left out.</summary>
    [JsonPropertyName("currency")]
    public string? Currency { get; init; }

    /// <summary>
    /// The caller's own name for the order, at most 100 characters, unique among live orders of a team.
    /// </summary>
    [JsonPropertyName("reference")]
    public string? Reference { get; init; }

    /// <summary>Who the order is for. Personal data.</summary>
    [JsonPropertyName("customer")]
    public Customer? Customer { get; init; }

    /// <summary>Free text, at most 4,000 characters. Personal data.</summary>
    [JsonPropertyName("notes")]
    public string? Notes { get; init; }

    /// <summary>At most 50 pairs; a key has at most 64 characters, a value at most 512.</summary>
    [JsonPropertyName("metadata")]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}

/// <summary>One service line of an order as a caller gives it; just the id as a string means quantity 1.</summary>
public sealed record ServiceLineRequest
{
    /// <summary>The id of a service record.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>How many, 1 to 1,000,000; 1 where left out.</summary>
    [JsonPropertyName("quantity")]
    public int? Quantity { get; init; }

    /// <summary>The fee of one unit; the service record's where left out.</summary>
    [JsonPropertyName("fee")]
    public decimal? Fee { get; init; }

    /// <summary>The name on the order, at most 200 characters; the service record's where left out.</summary>
    [JsonPropertyName("name")]
    public string? Name { get; init; }
}

/// <summary>Who an order is for. Personal data: encrypted at rest, masked without the scope to see it.</summary>
public sealed record Customer
{
    /// <summary>At most 200 characters.</summary>
    [JsonPropertyName("name")]
    public string? Name { get; init; }

    /// <summary>An e-mail address, at most 254 characters (RFC 5321, 4.5.3.1).</summary>
    [JsonPropertyName("email")]
    public string? Email { get; init; }

    /// <summary>At most 50 characters.</summary>
    [JsonPropertyName("phone")]
    public string? Phone { get; init; }
}
