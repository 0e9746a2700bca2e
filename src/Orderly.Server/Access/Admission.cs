using Orderly.Contract.Problems;
using Orderly.Server.Configuration;
using Orderly.Server.Http;
using Orderly.Server.Observability;

namespace Orderly.Server.Access;

/// <summary>An address that answers however busy the service is.</summary>
internal sealed record AlwaysAdmitted;

/// <summary>An address whose requests mostly wait: they hold a connection, but no work.</summary>
internal sealed record WaitsMostly;

/// <summary>
/// Takes as many requests as can be worked on at a time, and refuses more at once: an answer that says so is worth
/// more than one that comes too late.
/// </summary>
internal sealed class Admission(RequestDelegate next, LimitSettings settings)
{
    private static readonly KeyValuePair<string, object?> Working = Meters.Label("kind", "work");
    private static readonly KeyValuePair<string, object?> Waiting = Meters.Label("kind", "wait");

    private readonly Places _work = new(settings.ConcurrentRequests);
    private readonly Places _waits = new(settings.ConcurrentStreams);

    public Task InvokeAsync(HttpContext http)
    {
        var metadata = http.GetEndpoint()?.Metadata;
        if (metadata?.GetMetadata<AlwaysAdmitted>() is not null)
        {
            return next(http);
        }

        var places = metadata?.GetMetadata<WaitsMostly>() is null ? _work : _waits;
        if (places.TryTake())
        {
            return RunAsync(http, places, places == _work ? Working : Waiting);
        }

        Meters.Overloads.Add(1, Meters.Label("reason", "no-place"));
        return ProblemWriter.WriteAsync(http, new Problem(ProblemCode.Overloaded,
            $"{places.Count} requests are in work already. Nothing of this one was done."));
    }

    private async Task RunAsync(HttpContext http, Places places, KeyValuePair<string, object?> kind)
    {
        Meters.ActiveRequests.Add(1, kind);
        try
        {
            await next(http);
        }
        finally
        {
            places.GiveBack();
            Meters.ActiveRequests.Add(-1, kind);
        }
    }
}
