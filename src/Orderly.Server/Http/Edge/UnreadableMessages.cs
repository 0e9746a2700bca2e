using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Orderly.Contract.Problems;
using Orderly.Server.Observability;

namespace Orderly.Server.Http.Edge;

/// <summary>
/// Makes a problem document of the answers that Kestrel gives by itself, before a message has become a request: a
/// request line or headers that can't be read, are too long or came too slowly. Kestrel tells of each by an event
/// (Microsoft.AspNetCore.Server.Kestrel.BadRequest) before it sends the answer.
/// </summary>
internal sealed class UnreadableMessages(DiagnosticListener events, ILogger<UnreadableMessages> log)
    : IHostedService, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private const string Refused = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    private IDisposable? _subscription;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _subscription = events.Subscribe(this, name => name == Refused);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _subscription?.Dispose();

    public void OnCompleted()
    {
        // The service ends.
    }

    public void OnError(Exception error)
    {
        // The source has none.
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key != Refused || value.Value is not IFeatureCollection features
            || features.Get<IBadRequestExceptionFeature>()?.Error is not BadHttpRequestException error
            || features.Get<IHttpResponseFeature>() is not { HasStarted: false } response
            || features.Get<LastBody>() is not { } last

            // HTTP/2 ends such a stream without an answer.
            || features.Get<IHttpResetFeature>() is not null)
        {
            return;
        }

        var problem = Explain(error.StatusCode, response.Headers.Allow.ToString());
        var request = features.Get<IHttpRequestFeature>();
        var traceId = ActivityTraceId.CreateRandom().ToHexString();
        var body = ProblemWriter.Render(problem, PathOf(request), traceId);
        response.StatusCode = ProblemTable.Of(problem.Code).Status;
        response.Headers.ContentType = ProblemWriter.MediaType;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers[ProblemMiddleware.RequestIdHeader] = traceId;
        response.Headers.ContentLength = body.Length;
        response.Headers.Connection = "close";
        if (request is null || !HttpMethods.IsHead(request.Method))
        {
            last.Bytes = body;
        }

        // Kestrel leaves an answer alone that has begun. The headers wait in the connection's output, so this is done
        // at once; were it not, the connection would end without an answer.
        _ = features.Get<IHttpResponseBodyFeature>()?.StartAsync();
        LogEvents.MessageRefused(log, response.StatusCode, problem.Detail, traceId);
    }

    private static string PathOf(IHttpRequestFeature? request) =>
        request?.Path is ['/', ..] path ? new PathString(path).ToUriComponent() : "/";

    private static Problem Explain(int status, string allowed) => status switch
    {
        StatusCodes.Status405MethodNotAllowed => new(ProblemCode.MethodNotAllowed,
            $"The request line asks for this with another method; possible is {allowed}."),
        StatusCodes.Status408RequestTimeout => new(ProblemCode.RequestTimeout, "The request arrived too slowly."),
        StatusCodes.Status413PayloadTooLarge => new(ProblemCode.BodyTooLarge,
            $"At most {JsonBody.LengthMaxBytes} bytes are taken."),
        StatusCodes.Status414UriTooLong => new(ProblemCode.AddressTooLong, string.Create(
            CultureInfo.InvariantCulture, $"The request line may have {EdgeSetup.RequestLineSizeMaxBytes} bytes.")),
        StatusCodes.Status431RequestHeaderFieldsTooLarge => new(ProblemCode.HeadersTooLarge,
            $"At most {EdgeSetup.RequestHeadersMax} headers are taken, of {EdgeSetup.RequestHeadersSizeMaxBytes} bytes "
            + "in all."),
        _ => new(ProblemCode.BadRequest,
            "The HTTP message can't be read: its request line, its headers or the length of its body. In an address, "
            + "what is not ASCII is percent-encoded, as with curl -G --data-urlencode."),
    };
}
