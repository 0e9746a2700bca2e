using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;
using Orderly.Contract.Problems;

namespace Orderly.Server.Http;

/// <summary>A refusal as the outcome of a handler.</summary>
internal sealed class Refused(Problem problem) : IResult, IEndpointMetadataProvider
{
    public Problem Problem { get; } = problem;

    public Task ExecuteAsync(HttpContext httpContext) => ProblemWriter.WriteAsync(httpContext, Problem);

    /// <summary>Every address can refuse in these ways; the others name theirs with <see cref="Refuses"/>.</summary>
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        foreach (var status in (ReadOnlySpan<int>)[400, 401, 403, 429, 500, 503])
        {
            builder.Metadata.Add(new ProducesResponseTypeMetadata(
                status, typeof(ProblemDocument), [ProblemWriter.MediaType]));
        }
    }
}

/// <summary>Says of an address how else it can refuse, for its description.</summary>
internal static class Refuses
{
    public static RouteHandlerBuilder CanRefuse(this RouteHandlerBuilder builder, params int[] statuses)
    {
        foreach (var status in statuses)
        {
            builder.WithMetadata(new ProducesResponseTypeMetadata(
                status, typeof(ProblemDocument), [ProblemWriter.MediaType]));
        }

        return builder;
    }
}
