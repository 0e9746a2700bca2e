using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orderly.Contract.Orders;

/// <summary>The body of <c>POST /orders/{id}/status</c>.</summary>
public sealed record StatusRequest
{
    /// <summary>One of placed, confirmed, completed, cancelled; one of the order's nextStatuses.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    /// <summary>Why, 1 to 500 characters; the revision records it.</summary>
    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    /// <summary>The version that the change is based on; it acts as If-Match.</summary>
    [JsonPropertyName("version")]
    public int? Version { get; init; }
}

/// <summary>The body of <c>POST /orders/{id}/restore</c>, which may be left out.</summary>
public sealed record RestoreRequest
{
    /// <summary>Why, 1 to 500 characters; the revision records it.</summary>
    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    /// <summary>The version that the change is based on; it acts as If-Match.</summary>
    [JsonPropertyName("version")]
    public int? Version { get; init; }
}

/// <summary>The body of <c>POST /orders/{id}/revert</c>.</summary>
public sealed record RevertRequest
{
    /// <summary>The version whose content the order gets again.</summary>
    [JsonPropertyName("to")]
    public required int To { get; init; }

    /// <summary>Why, 1 to 500 characters; the revision records it.</summary>
    [JsonPropertyName("reason")]
    public required string Reason { get; init; }

    /// <summary>The version that the change is based on; it acts as If-Match.</summary>
    [JsonPropertyName("version")]
    public int? Version { get; init; }
}

/// <summary>The body of <c>POST /orders/{id}/erase</c>.</summary>
public sealed record EraseRequest
{
    /// <summary>
    /// Why, 1 to 500 characters; the revision and the audit record keep it, so nothing personal in it.
    /// </summary>
    [JsonPropertyName("reason")]
    public required string Reason { get; init; }

    /// <summary>The version that the change is based on; it acts as If-Match.</summary>
    [JsonPropertyName("version")]
    public int? Version { get; init; }
}

/// <summary>One version of an order: who, when, what, why.</summary>
public sealed record RevisionView
{
    /// <summary>1 for the order as it was placed; one more with every write.</summary>
    [JsonPropertyName("version")]
    public required int Version { get; init; }

    /// <summary>
    /// order.placed, order.updated, order.status-changed, order.deleted, order.restored or order.erased.
    /// </summary>
    [JsonPropertyName("type")]
    public required string Type { get; init; }

    /// <summary>When it was written, by the database's clock; grows strictly from version to version.</summary>
    [JsonPropertyName("at")]
    public required DateTimeOffset At { get; init; }

    /// <summary>The key that wrote it.</summary>
    [JsonPropertyName("actor")]
    public required string Actor { get; init; }

    /// <summary>Why, where the writer said so.</summary>
    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    /// <summary>What is different from the version before; empty for the first.</summary>
    [JsonPropertyName("changes")]
    public required IReadOnlyList<RevisionChange> Changes { get; init; }

    /// <summary>The whole order as it stood; only where one version is read.</summary>
    [JsonPropertyName("order")]
    public OrderView? Order { get; init; }
}

/// <summary>One difference between two versions.</summary>
public sealed record RevisionChange
{
    /// <summary>Where: a JSON Pointer (RFC 6901) into the order.</summary>
    [JsonPropertyName("path")]
    public required string Path { get; init; }

    /// <summary>The value before; null where there was none.</summary>
    [JsonPropertyName("from")]
    public JsonElement? From { get; init; }

    /// <summary>The value after; null where there is none any more.</summary>
    [JsonPropertyName("to")]
    public JsonElement? To { get; init; }
}
