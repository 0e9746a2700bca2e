namespace Orderly.EmbeddedPostgres;

/// <summary>The cluster can't be made, started or stopped. The message is one line that says what to do.</summary>
public sealed class EmbeddedPostgresException : Exception
{
    /// <summary>An exception without an explanation; prefer the others.</summary>
    public EmbeddedPostgresException()
    {
    }

    /// <summary>An exception whose message can be shown to an operator as it is.</summary>
    public EmbeddedPostgresException(string message)
        : base(message)
    {
    }

    /// <summary>An exception whose message can be shown to an operator as it is, and its cause.</summary>
    public EmbeddedPostgresException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
