using System.Text.Json.Serialization;

namespace Orderly.Contract.Problems;

/// <summary>Every refusal: a problem document (RFC 9457), as <c>application/problem+json</c>.</summary>
public sealed record ProblemDocument
{
    /// <summary><c>/problems/{code}</c>: a page that explains it.</summary>
    [JsonPropertyName("type")]
    public required string Type { get; init; }

    /// <summary>What went wrong, the same for every problem of this code.</summary>
    [JsonPropertyName("title")]
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    [JsonPropertyName("status")]
    public required int Status { get; init; }

    /// <summary>What went wrong this time, and what to do next.</summary>
    [JsonPropertyName("detail")]
    public required string Detail { get; init; }

    /// <summary>The path that was asked for.</summary>
    [JsonPropertyName("instance")]
    public required string Instance { get; init; }

    /// <summary>For programs: the stable name of the problem.</summary>
    [JsonPropertyName("code")]
    public required string Code { get; init; }

    /// <summary>Finds the request in logs and traces (W3C Trace Context).</summary>
    [JsonPropertyName("traceId")]
    public required string TraceId { get; init; }

    /// <summary>The faults of the input, where there are any.</summary>
    [JsonPropertyName("errors")]
    public IReadOnlyList<InputFault>? Errors { get; init; }

    /// <summary>With <c>stale-version</c>: the version that is current now.</summary>
    [JsonPropertyName("version")]
    public int? Version { get; init; }

    /// <summary>With <c>stale-version</c>: what changed since the newest version that the caller named.</summary>
    [JsonPropertyName("changedFields")]
    public IReadOnlyList<string>? ChangedFields { get; init; }

    /// <summary>With <c>illegal-transition</c>: the statuses that the order can get.</summary>
    [JsonPropertyName("nextStatuses")]
    public IReadOnlyList<string>? NextStatuses { get; init; }

    /// <summary>With <c>order-not-yet-updatable</c>: from when on the order can be updated.</summary>
    [JsonPropertyName("updatableFrom")]
    public DateTimeOffset? UpdatableFrom { get; init; }

    /// <summary>With <c>reference-taken</c>: the order that has the reference.</summary>
    [JsonPropertyName("orderId")]
    public Guid? OrderId { get; init; }

    /// <summary>Of an import that was refused or broke off: how many orders were read.</summary>
    [JsonPropertyName("received")]
    public long? Received { get; init; }

    /// <summary>Of an import that was refused or broke off: how many orders are certainly stored.</summary>
    [JsonPropertyName("created")]
    public long? Created { get; init; }

    /// <summary>Of an import that was refused or broke off: how many orders were refused.</summary>
    [JsonPropertyName("refused")]
    public long? Refused { get; init; }

    /// <summary>With <c>missing-scope</c>: the scope that the key lacks.</summary>
    [JsonPropertyName("scope")]
    public string? Scope { get; init; }
}

/// <summary>One fault of the input.</summary>
public sealed record InputFault
{
    /// <summary>With <c>import-refused</c>: which row, from 1.</summary>
    [JsonPropertyName("row")]
    public long? Row { get; init; }

    /// <summary>Where in the body: a JSON Pointer as a URI fragment (RFC 6901, section 6).</summary>
    [JsonPropertyName("pointer")]
    public string? Pointer { get; init; }

    /// <summary>Which query parameter or header.</summary>
    [JsonPropertyName("parameter")]
    public string? Parameter { get; init; }

    /// <summary>For programs: the stable name of the fault.</summary>
    [JsonPropertyName("code")]
    public required string Code { get; init; }

    /// <summary>For people: what is wrong and what would be right.</summary>
    [JsonPropertyName("detail")]
    public required string Detail { get; init; }
}
