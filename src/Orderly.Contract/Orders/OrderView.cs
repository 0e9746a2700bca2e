using System.Text.Json.Serialization;

namespace Orderly.Contract.Orders;

/// <summary>An order as every answer shows it. Absent optional fields are null.</summary>
public sealed record OrderView
{
    /// <summary>UUID version 7 (RFC 9562), made by the server.</summary>
    [JsonPropertyName("id")]
    public required Guid Id { get; init; }

    /// <summary>A growing number for people; may have gaps. 0 where an order was only tried (dryRun).</summary>
    [JsonPropertyName("number")]
    public required long Number { get; init; }

    /// <summary>One of placed, confirmed, completed, cancelled.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    /// <summary>The statuses that can follow this one.</summary>
    [JsonPropertyName("nextStatuses")]
    public required IReadOnlyList<string> NextStatuses { get; init; }

    /// <summary>When the order takes place, UTC, to the µs.</summary>
    [JsonPropertyName("datetime")]
    public required DateTimeOffset Datetime { get; init; }

    /// <summary>The fee charged, exact, with the scale it was given.</summary>
    [JsonPropertyName("totalfee")]
    public required decimal TotalFee { get; init; }

    /// <summary>ISO 4217 code.</summary>
    [JsonPropertyName("currency")]
    public required string Currency { get; init; }

    /// <summary>The service lines, as they were when they were written.</summary>
    [JsonPropertyName("services")]
    public required IReadOnlyList<ServiceLineView> Services { get; init; }

    /// <summary>totalfee − the sum of quantity × fee; null where a line's fee is unknown.</summary>
    [JsonPropertyName("adjustment")]
    public decimal? Adjustment { get; init; }

    /// <summary>The caller's own name for the order.</summary>
    [JsonPropertyName("reference")]
    public string? Reference { get; init; }

    /// <summary>
    /// Who the order is for; masked for keys without orders:reveal, null where it was erased.
    /// </summary>
    [JsonPropertyName("customer")]
    public Customer? Customer { get; init; }

    /// <summary>Free text; masked for keys without orders:reveal, null where it was erased.</summary>
    [JsonPropertyName("notes")]
    public string? Notes { get; init; }

    /// <summary>The caller's own pairs; empty where there are none.</summary>
    [JsonPropertyName("metadata")]
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>The team of the key that placed the order.</summary>
    [JsonPropertyName("team")]
    public required string Team { get; init; }

    /// <summary>1 when placed; every write makes the next. <c>ETag</c> is <c>"v{version}"</c>.</summary>
    [JsonPropertyName("version")]
    public required int Version { get; init; }

    /// <summary>When the order was placed, by the database's clock.</summary>
    [JsonPropertyName("createdAt")]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The key that placed it.</summary>
    [JsonPropertyName("createdBy")]
    public required string CreatedBy { get; init; }

    /// <summary>When this version was written, by the database's clock.</summary>
    [JsonPropertyName("updatedAt")]
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The key that wrote this version.</summary>
    [JsonPropertyName("updatedBy")]
    public required string UpdatedBy { get; init; }

    /// <summary>From when on the order can be updated: createdAt + the configured window.</summary>
    [JsonPropertyName("updatableFrom")]
    public required DateTimeOffset UpdatableFrom { get; init; }

    /// <summary>When the order was deleted; only there where it is.</summary>
    [JsonPropertyName("deletedAt")]
    public DateTimeOffset? DeletedAt { get; init; }
}

/// <summary>One service line of an order.</summary>
public sealed record ServiceLineView
{
    /// <summary>The id of the service record.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>The name as it was then.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>How many.</summary>
    [JsonPropertyName("quantity")]
    public required int Quantity { get; init; }

    /// <summary>The fee of one unit as it was then; null where it was unknown.</summary>
    [JsonPropertyName("fee")]
    public decimal? Fee { get; init; }
}

/// <summary>One page of a list.</summary>
/// <typeparam name="T">What is listed.</typeparam>
public sealed record Page<T>
{
    /// <summary>The rows of this page.</summary>
    [JsonPropertyName("data")]
    public required IReadOnlyList<T> Data { get; init; }

    /// <summary>The cursor of the next page; null on the last one.</summary>
    [JsonPropertyName("next")]
    public required string? Next { get; init; }
}

/// <summary>One page of a list whose rows can be counted.</summary>
/// <typeparam name="T">What is listed.</typeparam>
public sealed record CountedPage<T>
{
    /// <summary>The rows of this page.</summary>
    [JsonPropertyName("data")]
    public required IReadOnlyList<T> Data { get; init; }

    /// <summary>The cursor of the next page; null on the last one.</summary>
    [JsonPropertyName("next")]
    public required string? Next { get; init; }

    /// <summary>How many rows the whole list has; only there where it was asked for.</summary>
    [JsonPropertyName("count")]
    public PageCount? Count { get; init; }
}

/// <summary>How many rows a list has in all.</summary>
public sealed record PageCount
{
    /// <summary>The number of rows.</summary>
    [JsonPropertyName("value")]
    public required long Value { get; init; }

    /// <summary>Whether they were counted; otherwise the number is an estimate.</summary>
    [JsonPropertyName("exact")]
    public required bool Exact { get; init; }
}
