using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Primitives;
using Orderly.Contract.Problems;
using Orderly.Server.Observability;

namespace Orderly.Server.Http;

/// <summary>Writes a refusal as a problem document (RFC 9457).</summary>
internal static class ProblemWriter
{
    public const string MediaType = "application/problem+json";
    private const int OverloadRetryAfterSeconds = 1;

    public static async Task WriteAsync(HttpContext http, Problem problem)
    {
        var kind = ProblemTable.Of(problem.Code);
        var response = http.Response;
        RequestFacts.Of(http).Code = problem.Code;
        Meters.Problems.Add(1, Meters.Label("code", problem.Code.ToText()));
        response.StatusCode = kind.Status;
        response.ContentType = MediaType;
        response.Headers.CacheControl = "no-store";
        var retryAfterSeconds = problem.RetryAfterSeconds
            ?? (kind.Status == StatusCodes.Status503ServiceUnavailable ? OverloadRetryAfterSeconds : null);
        if (retryAfterSeconds is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (kind.Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate =
                new StringValues(["Bearer realm=\"orderly\"", "ApiKey realm=\"orderly\""]);
        }

        foreach (var (name, value) in problem.Headers)
        {
            response.Headers[name] = value;
        }

        if (HttpMethods.IsHead(http.Request.Method))
        {
            return;
        }

        var body = Render(problem, http.Request.Path.ToUriComponent(), TraceId(http));
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body);
    }

    /// <summary>What finds the request in logs and traces.</summary>
    public static string TraceId(HttpContext http) => Activity.Current?.TraceId.ToHexString() ?? http.TraceIdentifier;

    /// <param name="instance">The path that was asked for.</param>
    public static ReadOnlyMemory<byte> Render(Problem problem, string instance, string traceId)
    {
        var kind = ProblemTable.Of(problem.Code);
        var output = new ArrayBufferWriter<byte>(512);
        var writer = JsonOutput.For(output);
        var code = problem.Code.ToText();
        writer.WriteStartObject();
        writer.WriteString("type", "/problems/" + code);
        writer.WriteString("title", kind.Title);
        writer.WriteNumber("status", kind.Status);
        writer.WriteString(
            "detail", problem.Effect is null ? problem.Detail : $"{problem.Detail} {problem.Effect}");
        writer.WriteString("instance", instance);
        writer.WriteString("code", code);
        writer.WriteString("traceId", traceId);
        foreach (var (name, value) in problem.Members)
        {
            writer.WritePropertyName(name);
            JsonSerializer.Serialize(writer, value);
        }

        if (problem.Faults.Count > 0)
        {
            WriteFaults(writer, problem.Faults);
        }

        writer.WriteEndObject();
        writer.Flush();
        return output.WrittenMemory;
    }

    private static void WriteFaults(Utf8JsonWriter writer, IReadOnlyList<InputFault> faults)
    {
        writer.WriteStartArray("errors");
        foreach (var fault in faults)
        {
            writer.WriteStartObject();
            if (fault.Row is { } row)
            {
                writer.WriteNumber("row", row);
            }

            if (fault.Pointer is not null)
            {
                writer.WriteString("pointer", fault.Pointer);
            }

            if (fault.Parameter is not null)
            {
                writer.WriteString("parameter", fault.Parameter);
            }

            writer.WriteString("code", fault.Code);
            writer.WriteString("detail", fault.Detail);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
