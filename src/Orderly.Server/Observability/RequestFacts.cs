using Orderly.Contract.Problems;

namespace Orderly.Server.Observability;

/// <summary>What becomes known of a request on its way, for the one line that the log has of it.</summary>
internal sealed class RequestFacts
{
    /// <summary>Why it was refused.</summary>
    public ProblemCode? Code { get; set; }

    /// <summary>How many rows the answer has, of a list or a stream, or how many an import took in.</summary>
    public long? Rows { get; set; }

    /// <summary>The length of an answer that is sent in pieces.</summary>
    public long? Bytes { get; set; }

    /// <summary>Whether it may take long, since it moves as many rows as there are.</summary>
    public bool MayTakeLong { get; set; }

    public static RequestFacts Of(HttpContext http) => Find(http) ?? Attach(http);

    public static RequestFacts? Find(HttpContext http) =>
        http.Items.TryGetValue(typeof(RequestFacts), out var facts) ? (RequestFacts?)facts : null;

    private static RequestFacts Attach(HttpContext http)
    {
        var facts = new RequestFacts();
        http.Items[typeof(RequestFacts)] = facts;
        return facts;
    }
}
