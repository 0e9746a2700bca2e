using System.Diagnostics;
using Orderly.Contract.Problems;
using Orderly.Server.Access;

namespace Orderly.Server.Observability;

/// <summary>
/// One line in the log for each request: who, what, how it ended and how long it took. The route as it was mapped
/// stands for the address, so that neither ids nor the query, which may hold personal data, get into the log.
/// </summary>
internal sealed class RequestLog(RequestDelegate next, ILoggerFactory logs, TimeProvider time)
{
    /// <summary>The category by whose level these lines are switched on and off.</summary>
    public const string Category = "Orderly.Requests";
    private const int SlowMilliseconds = 1_000;
    private const int StatusNobodyThere = 499;
    private const string NoRoute = "none";

    private readonly ILogger _log = logs.CreateLogger(Category);

    public async Task InvokeAsync(HttpContext http)
    {
        var since = time.GetTimestamp();
        try
        {
            await next(http);
        }
        finally
        {
            Tell(http, time.GetElapsedTime(since));
        }
    }

    private void Tell(HttpContext http, TimeSpan took)
    {
        var status = http.RequestAborted.IsCancellationRequested && !http.Response.HasStarted
            ? StatusNobodyThere
            : http.Response.StatusCode;
        if (Spans.Source.HasListeners() && Activity.Current is { IsAllDataRequested: true } span)
        {
            Describe(span, http, status);
        }

        var isFailure = status >= StatusCodes.Status500InternalServerError;
        var facts = RequestFacts.Find(http);
        var isSlow = took.TotalMilliseconds >= SlowMilliseconds && facts?.MayTakeLong != true
            && http.GetEndpoint()?.Metadata.GetMetadata<WaitsMostly>() is null;
        if (!_log.IsEnabled(isFailure || isSlow ? LogLevel.Warning : LogLevel.Information))
        {
            return;
        }

        var line = new RequestLine(
            http.Items.TryGetValue(typeof(Caller), out var caller) ? ((Caller)caller!).KeyId : null,
            MethodOf(http.Request), RouteOf(http) ?? NoRoute, status, Math.Round(took.TotalMilliseconds, 3),
            facts?.Bytes ?? http.Response.ContentLength, facts?.Rows, facts?.Code?.ToText());
        if (isFailure)
        {
            LogEvents.AnswerFailed(
                _log, line.Method, line.Route, status, line.DurationMs, line.KeyId, line.Bytes, line.Rows, line.Code);
        }
        else if (isSlow)
        {
            LogEvents.AnsweredLate(
                _log, line.Method, line.Route, status, line.DurationMs, line.KeyId, line.Bytes, line.Rows, line.Code);
        }
        else
        {
            LogEvents.Answered(
                _log, line.Method, line.Route, status, line.DurationMs, line.KeyId, line.Bytes, line.Rows, line.Code);
        }
    }

    private static void Describe(Activity span, HttpContext http, int status)
    {
        var method = MethodOf(http.Request);
        var route = RouteOf(http);
        span.DisplayName = route is null ? method : $"{method} {route}";
        span.SetTag("http.request.method", method);
        span.SetTag("http.route", route);
        span.SetTag("http.response.status_code", status);
        if (status >= StatusCodes.Status500InternalServerError)
        {
            span.SetStatus(ActivityStatusCode.Error);
        }
    }

    private static string? RouteOf(HttpContext http) =>
        (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText?.TrimEnd('/');

    /// <summary>A method that HTTP does not know may be any text.</summary>
    private static string MethodOf(HttpRequest request)
    {
        var method = HttpMethods.GetCanonicalizedValue(request.Method);
        return HttpMethods.IsGet(method) || HttpMethods.IsPost(method) || HttpMethods.IsPut(method)
            || HttpMethods.IsPatch(method) || HttpMethods.IsDelete(method) || HttpMethods.IsHead(method)
            || HttpMethods.IsOptions(method) || HttpMethods.IsTrace(method) || HttpMethods.IsConnect(method)
                ? method
                : "other";
    }

    private readonly record struct RequestLine(
        string? KeyId, string Method, string Route, int Status, double DurationMs, long? Bytes, long? Rows,
        string? Code);
}
