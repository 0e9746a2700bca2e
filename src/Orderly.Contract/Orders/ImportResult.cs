using System.Text.Json.Serialization;

namespace Orderly.Contract.Orders;

/// <summary>The answer to <c>POST /orders/import</c>.</summary>
public sealed record ImportResult
{
    /// <summary>How many orders were read; in CSV several rows can be one.</summary>
    [JsonPropertyName("received")]
    public required long Received { get; init; }

    /// <summary>How many were stored; of a dry run: would have been.</summary>
    [JsonPropertyName("created")]
    public required long Created { get; init; }

    /// <summary>How many were refused.</summary>
    [JsonPropertyName("refused")]
    public required long Refused { get; init; }

    /// <summary>What is wrong with refused rows: the first 1,000 faults.</summary>
    [JsonPropertyName("errors")]
    public required IReadOnlyList<ImportFault> Errors { get; init; }
}

/// <summary>One fault of a row of an import.</summary>
public sealed record ImportFault
{
    /// <summary>Which row, from 1: empty lines and the header of CSV do not count; of several rows the first.</summary>
    [JsonPropertyName("row")]
    public required long Row { get; init; }

    /// <summary>Where in the order: a JSON Pointer as a URI fragment (RFC 6901, section 6).</summary>
    [JsonPropertyName("pointer")]
    public required string Pointer { get; init; }

    /// <summary>For programs: the stable name of the fault, as in problems.</summary>
    [JsonPropertyName("code")]
    public required string Code { get; init; }

    /// <summary>For people: what is wrong and what would be right.</summary>
    [JsonPropertyName("detail")]
    public required string Detail { get; init; }
}
