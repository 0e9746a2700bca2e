using System.Diagnostics;

namespace Orderly.Server.Observability;

/// <summary>
/// The spans that the service makes, beside the framework's (the request) and Npgsql's (the statement). They are made
/// only while somebody takes them.
/// </summary>
internal static class Spans
{
    public const string Name = "Orderly";

    /// <summary>One group of reads or writes, from its turn to its answers.</summary>
    public const string Group = "orderly.group";

    /// <summary>Where the caller's own request id is kept, which the lines of the log repeat.</summary>
    public const string RequestIdTag = "orderly.request_id";

    public static readonly ActivitySource Source = new(Name);

    /// <summary>
    /// The span of a group. It stands below the first request of the group that is traced, so that a lone request is
    /// one trace down to its SQL; it has a link to each of the others, which get one to it.
    /// </summary>
    public static Activity? StartGroup(string work, IReadOnlyCollection<Activity?> requests)
    {
        var traced = requests.OfType<Activity>().ToList();
        var span = traced.Count == 0
            ? null
            : Source.StartActivity(
                Group, ActivityKind.Internal, traced[0].Context,
                links: traced.Skip(1).Select(request => new ActivityLink(request.Context)));
        if (span is not null)
        {
            span.SetTag("orderly.work", work);
            span.SetTag("orderly.group.size", requests.Count);
            traced.Skip(1).ToList().ForEach(request => request.AddLink(new ActivityLink(span.Context)));
        }

        return span;
    }
}
