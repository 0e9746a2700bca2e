using Orderly.Contract.Problems;

namespace Orderly.Server.Http;

/// <summary>Work of many parts did not come to its end, of which some may be stored.</summary>
/// <param name="effect">What is stored, and how to go on.</param>
/// <param name="members">The same for programs: members of the problem document.</param>
/// <param name="faults">What is wrong with those parts that were refused by then.</param>
/// <param name="cause">What kept it from its end, and decides how it is answered.</param>
internal sealed class BrokenOffException(
    string effect, IReadOnlyList<KeyValuePair<string, object>> members, IReadOnlyList<InputFault> faults,
    Exception cause) : Exception(effect, cause)
{
    public IReadOnlyList<KeyValuePair<string, object>> Members { get; } = members;

    public IReadOnlyList<InputFault> Faults { get; } = faults;
}

/// <summary>The body of a request did not arrive in time.</summary>
/// <param name="detail">What the caller is told.</param>
internal sealed class TooSlowException(string detail) : Exception(detail);
