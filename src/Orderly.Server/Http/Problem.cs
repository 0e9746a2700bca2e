using Orderly.Contract.Problems;

namespace Orderly.Server.Http;

/// <summary>A refusal, as a value: what went wrong, and what the caller needs to do something about it.</summary>
internal sealed record Problem(ProblemCode Code, string Detail)
{
    /// <summary>What of the work is done all the same; told behind the detail.</summary>
    public string? Effect { get; init; }

    /// <summary>The faults of the input, where there are any.</summary>
    public IReadOnlyList<InputFault> Faults { get; init; } = [];

    /// <summary>Further members of the problem document, for this code.</summary>
    public IReadOnlyList<KeyValuePair<string, object>> Members { get; init; } = [];

    /// <summary>After how many seconds it is worth trying again.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>Further headers of the answer.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];
}
