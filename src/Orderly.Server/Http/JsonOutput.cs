using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Orderly.Server.Http;

/// <summary>How JSON is written here: exact numbers, times in UTC, text readable.</summary>
internal static class JsonOutput
{
    private static readonly JsonWriterOptions Options = new()
    {
        // Answers are application/json, never put into HTML; people's names stay readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    /// <summary>This thread's writer, set on the output. Use it up before anything is awaited.</summary>
    public static Utf8JsonWriter For(IBufferWriter<byte> output)
    {
        if (_writer is null)
        {
            return _writer = new Utf8JsonWriter(output, Options);
        }

        _writer.Reset(output);
        return _writer;
    }

    public static void WriteInstant(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, DateTime instant)
    {
        Span<byte> text = stackalloc byte[Instant.LengthMax];
        writer.WriteString(name, text[..Instant.Format(instant, text)]);
    }

    public static void WriteNumberOrNull(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, decimal? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
