using System.Reflection;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Orderly.Server.Access;
using Orderly.Server.Http;

namespace Orderly.Server.Observability;

/// <summary>The address at which Prometheus reads the metrics.</summary>
internal static class MetricsApi
{
    public static void MapMetrics(this WebApplication app)
    {
        var exporter = ((IApplicationBuilder)app).New();
        exporter.UseOpenTelemetryPrometheusScrapingEndpoint(_ => true);
        var scrape = exporter.Build();
        app.MapMethods("/metrics", Described.ReadMethods, (HttpContext http) => Read(http, scrape)).WithTags("Health")
            .WithName("readMetrics").WithSummary("What the service counts and measures")
            .WithDescription("For Prometheus, which sends the key as `Authorization: Bearer`. Answers without the "
                + "database, too, to a key that this server has seen in the last hour.")
            .WithMetadata(
                new AlwaysAdmitted(), new RequiredScope(Scopes.AuditRead), new WorksWithoutDatabase());
    }

    private static Results<MetricsText, Refused> Read(HttpContext http, RequestDelegate scrape) =>
        QueryInput.RefuseAny(http.Request) is { } query ? new Refused(query) : new MetricsText(scrape);
}

/// <summary>200: the metrics, in the text format of Prometheus.</summary>
internal sealed class MetricsText(RequestDelegate scrape) : IResult, IEndpointMetadataProvider
{
    public const string MediaType = "text/plain";

    public Task ExecuteAsync(HttpContext httpContext) => scrape(httpContext);

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(200, typeof(string), [MediaType]));
        builder.Metadata.Add(new Gives(200, "The metrics at this moment."));
    }
}
