using System.Text.Json.Serialization;
using Orderly.Contract.Orders;

namespace Orderly.Contract.Changes;

/// <summary>One change of one order: a CloudEvents 1.0 event.</summary>
public sealed record OrderChange
{
    /// <summary>The version of CloudEvents: 1.0.</summary>
    [JsonPropertyName("specversion")]
    public required string SpecVersion { get; init; }

    /// <summary>Unique among all events: the order's id and version.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>Always /orders.</summary>
    [JsonPropertyName("source")]
    public required string Source { get; init; }

    /// <summary>order.placed, order.updated, order.status-changed, order.deleted, order.restored.</summary>
    [JsonPropertyName("type")]
    public required string Type { get; init; }

    /// <summary>The order's id.</summary>
    [JsonPropertyName("subject")]
    public required string Subject { get; init; }

    /// <summary>When the version was written, by the database's clock.</summary>
    [JsonPropertyName("time")]
    public required DateTimeOffset Time { get; init; }

    /// <summary>Always application/json.</summary>
    [JsonPropertyName("datacontenttype")]
    public required string DataContentType { get; init; }

    /// <summary>What changed.</summary>
    [JsonPropertyName("data")]
    public required OrderChangeData Data { get; init; }
}

/// <summary>What an event says of a change.</summary>
public sealed record OrderChangeData
{
    /// <summary>The order's version after the change.</summary>
    [JsonPropertyName("version")]
    public required int Version { get; init; }

    /// <summary>The key that made the change.</summary>
    [JsonPropertyName("actor")]
    public required string Actor { get; init; }

    /// <summary>Why, where the writer said so.</summary>
    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    /// <summary>The fields that are different from the version before.</summary>
    [JsonPropertyName("changedFields")]
    public required IReadOnlyList<string> ChangedFields { get; init; }

    /// <summary>The whole order as it stood after the change.</summary>
    [JsonPropertyName("order")]
    public required OrderView Order { get; init; }
}

/// <summary>Some changes, and the token to go on from.</summary>
public sealed record ChangePage
{
    /// <summary>The changes, in the order of the feed.</summary>
    [JsonPropertyName("data")]
    public required IReadOnlyList<OrderChange> Data { get; init; }

    /// <summary>The token for <c>after</c>, always there.</summary>
    [JsonPropertyName("next")]
    public required string Next { get; init; }
}
