using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Orderly.Server.Configuration;

namespace Orderly.Server.Observability;

/// <summary>Where logs, metrics and traces go.</summary>
internal static class TelemetrySetup
{
    /// <summary>The setting of OpenTelemetry's own specification that turns the export on.</summary>
    public const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string ServiceName = "orderly";
    private static readonly string[] MeterNames =
    [
        Meters.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Npgsql", "System.Runtime",
    ];

    /// <summary>By address, method and status: the only metric with more than a few series.</summary>
    private const string RequestDuration = "http.server.request.duration";

    /// <summary>
    /// How many series any other metric may have: the problems have one for each code. Room for them is taken in
    /// advance, and OpenTelemetry's own 2,000 would be 12 MB for all.
    /// </summary>
    public const int SeriesMax = 200;

    /// <summary>Measured for each request or statement, and told by other metrics already.</summary>
    private static readonly string[] Dropped =
        ["http.server.active_requests", "kestrel.queued_requests", "kestrel.active_tls_handshakes"];

    /// <summary>
    /// Below Warning these hold the address and the query as they were called, or what could not be read of them,
    /// whatever level is configured for what they belong to.
    /// </summary>
    private static readonly string[] Indiscreet =
    [
        "Microsoft.AspNetCore.Hosting.Diagnostics", "Microsoft.AspNetCore.Server.Kestrel.BadRequests",
        "Microsoft.AspNetCore.Routing", "Microsoft.AspNetCore.Http",
    ];

    /// <summary>Lines of JSON for programs, lines of text for people.</summary>
    public static void AddLog(this WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        foreach (var category in Indiscreet)
        {
            builder.Logging.AddFilter(category, LogLevel.Warning);
        }

        if (Console.IsOutputRedirected)
        {
            builder.Logging.Services.AddSingleton<ILoggerProvider>(
                _ => new JsonLines(Console.OpenStandardOutput(), TimeProvider.System));
        }
        else
        {
            builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        }
    }

    /// <summary>
    /// Metrics are always kept, for /metrics. Traces are made only where they are sent somewhere.
    /// </summary>
    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var isExported = !string.IsNullOrEmpty(builder.Configuration[Endpoint]);
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(ServiceName, serviceVersion: CommandLine.Version()))
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(MeterNames)
                    .AddView(instrument => ViewOf(instrument.Name))
                    .AddPrometheusExporter(prometheus => prometheus.ScrapeResponseCacheDurationMilliseconds = 0);
                if (isExported)
                {
                    metrics.AddOtlpExporter();
                }
            });
        if (isExported)
        {
            telemetry.WithTracing(traces => traces.AddSource(Spans.Name, "Microsoft.AspNetCore", "Npgsql")
                .AddOtlpExporter());
        }
    }

    private static MetricStreamConfiguration ViewOf(string instrument) => instrument switch
    {
        RequestDuration => new ExplicitBucketHistogramConfiguration
        {
            Boundaries = Meters.DurationBounds,
            TagKeys = ["http.request.method", "http.route", "http.response.status_code"],
        },
        _ when Dropped.Contains(instrument) => MetricStreamConfiguration.Drop,
        _ => new MetricStreamConfiguration { CardinalityLimit = SeriesMax },
    };
}
