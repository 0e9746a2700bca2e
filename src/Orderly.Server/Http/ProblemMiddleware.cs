using System.Diagnostics;
using Microsoft.AspNetCore.Connections;
using Microsoft.Net.Http.Headers;
using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Database;
using Orderly.Server.Observability;
using Orderly.Server.Privacy;

namespace Orderly.Server.Http;

/// <summary>
/// The outermost layer: gives every answer its request id, and turns whatever has no body yet (an exception, a 404
/// or 405 of the router) into a problem document.
/// </summary>
internal sealed class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> log)
{
    public const string RequestIdHeader = "X-Request-Id";
    public const int RequestIdLengthMax = 128;
    private const string NothingStored = "Nothing was stored.";

    /// <summary>What holds for the request, whatever became of it.</summary>
    private static readonly string[] KeptHeaders =
    [
        RequestIdHeader, ApiKeyGate.PolicyHeader, ApiKeyGate.LimitHeader, HeaderNames.StrictTransportSecurity,
    ];

    public async Task InvokeAsync(HttpContext http)
    {
        http.Response.Headers[RequestIdHeader] = RequestId(http);
        http.Response.Headers.XContentTypeOptions = "nosniff"; // what a caller sent and gets back stays data
        try
        {
            await next(http);
            if (http.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null })
            {
                await ProblemWriter.WriteAsync(http, OfStatus(http.Response.StatusCode, http));
            }
        }
        catch (Exception exception) when (exception is ConnectionResetException
            || (exception is OperationCanceledException && http.RequestAborted.IsCancellationRequested))
        {
            http.Abort(); // nobody is there to answer
        }
#pragma warning disable CA1031 // The last place that can turn a fault into an answer.
        catch (Exception exception)
        {
            await AnswerAsync(http, exception);
        }
#pragma warning restore CA1031
    }

    private async Task AnswerAsync(HttpContext http, Exception exception)
    {
        var problem = Explain(http, exception);
        if (http.Response.HasStarted)
        {
            http.Abort(); // half an answer must not look like a whole one
            return;
        }

        var kept = Array.ConvertAll(KeptHeaders, name => http.Response.Headers[name]);
        http.Response.Clear();
        foreach (var (index, name) in KeptHeaders.Index())
        {
            http.Response.Headers[name] = kept[index];
        }

        http.Response.Headers.XContentTypeOptions = "nosniff";
        await ProblemWriter.WriteAsync(http, problem);
    }

    private Problem Explain(HttpContext http, Exception exception)
    {
        switch (exception)
        {
            case BrokenOffException { InnerException: { } cause } broken:
                return broken.TellWith(Explain(http, cause));
            case TooSlowException slow:
                return new Problem(ProblemCode.RequestTimeout, slow.Message) { Effect = NothingStored };
            case LapsedException lapsed:
                return lapsed.Problem with { Effect = NothingStored };
            case BadHttpRequestException bad:
                return OfStatus(bad.StatusCode, http);
            case IOException { InnerException: OverflowException }: // Kestrel's word for a chunk of no possible size
                return OfStatus(StatusCodes.Status400BadRequest, http);
            case OverloadedException:
                return new Problem(ProblemCode.Overloaded, "Too much work is waiting already.")
                {
                    Effect = NothingStored,
                };
            case UnreadableKeyException:
                LogEvents.RequestFailed(
                    log, exception, http.Request.Method, http.GetEndpoint()?.DisplayName ?? "no route",
                    ProblemWriter.TraceId(http));
                return new Problem(ProblemCode.PersonalDataUnreadable,
                    "The data key of the order can't be used, so nothing personal can be stored for it.");
            case UncertainWriteException:
                LogEvents.DatabaseFailed(log, exception.Message, ProblemWriter.TraceId(http));
                return new Problem(ProblemCode.DatabaseUnavailable, "The database gave no answer.")
                {
                    Effect = "So whether this was stored is not known: send it again with the same Idempotency-Key, "
                        + "or read before you repeat it.",
                };
            case Exception when DatabaseFailure.IsLost(exception):
                LogEvents.DatabaseFailed(log, exception.Message, ProblemWriter.TraceId(http));
                return new Problem(ProblemCode.DatabaseUnavailable, DatabaseFailure.Explain(exception))
                {
                    Effect = DatabaseFailure.IsWithoutEffect(exception) ? NothingStored : null,
                };
            default:
                LogEvents.RequestFailed(
                    log, exception, http.Request.Method, http.GetEndpoint()?.DisplayName ?? "no route",
                    ProblemWriter.TraceId(http));
                return new Problem(ProblemCode.InternalError, "Something went wrong inside the service.");
        }
    }

    private static Problem OfStatus(int status, HttpContext http) => status switch
    {
        StatusCodes.Status404NotFound => new(ProblemCode.RouteNotFound,
            "There is nothing at this address. See /docs for what there is."),
        StatusCodes.Status405MethodNotAllowed => new(ProblemCode.MethodNotAllowed,
            $"{http.Request.Method} is not possible here; possible are {http.Response.Headers.Allow}."),
        StatusCodes.Status406NotAcceptable => new(ProblemCode.NotAcceptable, "Ask for application/json."),
        StatusCodes.Status408RequestTimeout => new(ProblemCode.RequestTimeout, "The request arrived too slowly."),
        StatusCodes.Status413PayloadTooLarge => new(ProblemCode.BodyTooLarge,
            $"At most {JsonBody.LengthMaxBytes} bytes are taken."),
        StatusCodes.Status414UriTooLong => new(ProblemCode.AddressTooLong, "The address is too long."),
        StatusCodes.Status415UnsupportedMediaType => new(ProblemCode.UnsupportedMediaType, "Send application/json."),
        StatusCodes.Status431RequestHeaderFieldsTooLarge => new(ProblemCode.HeadersTooLarge,
            "The headers are too large."),
        StatusCodes.Status503ServiceUnavailable => new(ProblemCode.Overloaded, "Try again in a moment."),
        < 500 => new(ProblemCode.BadRequest, "The HTTP message can't be read."),
        _ => new(ProblemCode.InternalError, "Something went wrong inside the service."),
    };

    /// <summary>The caller's own id where it is sane (visible ASCII, not too long), otherwise one of ours.</summary>
    private static string RequestId(HttpContext http)
    {
        var sent = http.Request.Headers[RequestIdHeader];
        if (sent is [{ Length: > 0 and <= RequestIdLengthMax } id] && id.All(letter => letter is > ' ' and <= '~'))
        {
            Activity.Current?.SetTag(Spans.RequestIdTag, id);
            return id;
        }

        return ProblemWriter.TraceId(http);
    }
}
