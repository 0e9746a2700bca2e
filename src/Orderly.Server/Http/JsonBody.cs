using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Orderly.Contract.Problems;

namespace Orderly.Server.Http;

/// <summary>A body as JSON, and as the bytes that came.</summary>
internal sealed class JsonBodyContent(JsonDocument json, byte[] bytes) : IDisposable
{
    public JsonDocument Json { get; } = json;

    public byte[] Bytes { get; } = bytes;

    public void Dispose() => Json.Dispose();
}

/// <summary>Reads a request's body as JSON, strictly.</summary>
internal static class JsonBody
{
    public const int LengthMaxBytes = 1024 * 1024;
    public const string MediaType = "application/json";
    public const string MergePatchMediaType = "application/merge-patch+json";
    private const int DepthMax = 32;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = DepthMax };

    /// <summary>The body, or why it cannot be read: 415, 413 or 400, in this order.</summary>
    /// <param name="mediaType">What it must be; null: JSON, or none, which counts as an empty object whatever the
    /// Content-Type says: many clients send one with every request.</param>
    public static async Task<Result<JsonBodyContent>> ReadAsync(HttpContext http, string? mediaType)
    {
        if (mediaType is null && await IsEmptyAsync(http))
        {
            return new JsonBodyContent(JsonDocument.Parse("{}"), []);
        }

        if (CheckMediaType(http.Request, mediaType ?? MediaType) is { } problem)
        {
            return problem;
        }

        if (http.Request.ContentLength > LengthMaxBytes)
        {
            return TooLarge();
        }

        var reader = http.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(http.RequestAborted);
            if (read.Buffer.Length > LengthMaxBytes)
            {
                reader.AdvanceTo(read.Buffer.End);
                return TooLarge();
            }

            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return Parse(body);
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>Whether there is no body. One whose length was not told may turn out to be empty.</summary>
    private static async ValueTask<bool> IsEmptyAsync(HttpContext http)
    {
        if (http.Request.ContentLength is { } length)
        {
            return length == 0;
        }

        if (http.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
        {
            return true;
        }

        var start = await http.Request.BodyReader.ReadAsync(http.RequestAborted);
        http.Request.BodyReader.AdvanceTo(start.Buffer.Start);
        return start.IsCompleted && start.Buffer.IsEmpty;
    }

    private static Problem TooLarge() =>
        new(ProblemCode.BodyTooLarge, $"The body is larger than {LengthMaxBytes} bytes (1 MiB).");

    /// <summary>One JSON value, or why it is none.</summary>
    public static Result<JsonBodyContent> Parse(byte[] body)
    {
        if (body.Length == 0)
        {
            return new Problem(ProblemCode.MalformedJson, "The body is empty; a JSON object is expected.");
        }

        if (!Utf8.IsValid(body))
        {
            return new Problem(ProblemCode.MalformedJson, "The body is not valid UTF-8.");
        }

        try
        {
            return new JsonBodyContent(JsonDocument.Parse(body, Options), body);
        }
        catch (JsonException exception)
        {
            return new Problem(ProblemCode.MalformedJson,
                $"The body is not JSON at most {DepthMax} levels deep; reading it stopped at line "
                + $"{exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}.");
        }
    }

    /// <summary>What is wrong with the media type of a request, or null.</summary>
    public static Problem? CheckMediaType(HttpRequest request, string expected)
    {
        if (IsOtherThan("identity", request.Headers.ContentEncoding)
            || IsOtherThan("chunked", request.Headers.TransferEncoding))
        {
            return Unsupported("The body must not be compressed (Content-Encoding, Transfer-Encoding).", expected);
        }

        if (MediaTypeHeaderValue.TryParse(request.ContentType, out var given)
            && given.MediaType.Equals(expected, StringComparison.OrdinalIgnoreCase)
            && (!given.Charset.HasValue || given.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
                || given.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase)))
        {
            return null;
        }

        return Unsupported(
            request.ContentType is null
                ? $"Say what the body is: Content-Type: {expected}."
                : $"{Suggestion.Quote(request.ContentType)} is not taken here; send {expected} in UTF-8.",
            expected);
    }

    private static bool IsOtherThan(string encoding, StringValues header) =>
        header.Count > 0 && !string.Equals(header, encoding, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Says what would be taken: Accept (RFC 9110, 12.5.1) and, for PATCH, Accept-Patch (RFC 5789, 3.1).
    /// </summary>
    private static Problem Unsupported(string detail, string expected) =>
        new(ProblemCode.UnsupportedMediaType, detail)
        {
            Headers = string.Equals(expected, MergePatchMediaType, StringComparison.Ordinal)
                ? [new("Accept-Patch", expected)]
                : [new("Accept", expected)],
        };
}
