namespace Orderly.Server.Http;

/// <summary>Work of many parts did not come to its end, of which some may be stored.</summary>
/// <param name="tell">Adds to a problem what is stored, and how to go on.</param>
/// <param name="cause">What kept it from its end, and decides how it is answered.</param>
internal sealed class BrokenOffException(Func<Problem, Problem> tell, Exception cause)
    : Exception("It broke off.", cause)
{
    public Problem TellWith(Problem problem) => tell(problem);
}

/// <summary>The body of a request did not arrive in time.</summary>
/// <param name="detail">What the caller is told.</param>
internal sealed class TooSlowException(string detail) : Exception(detail);

/// <summary>Who sent the request may not do any more what it asks for, or not on this server.</summary>
/// <param name="problem">What the caller is told.</param>
internal sealed class LapsedException(Problem problem) : Exception(problem.Detail)
{
    public Problem Problem => problem;
}
