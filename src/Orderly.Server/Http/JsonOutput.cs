using System.Buffers;
using System.Buffers.Text;
using System.Text;
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

    private const int NumberLengthMax = 20;
    private const int IdLength = 36;

    /// <summary>Letters that stand in JSON as they are.</summary>
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        [.. Enumerable.Range(' ', '~' - ' ' + 1).Select(letter => (char)letter)
            .Where(letter => letter is not ('"' or '\\'))]);

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

    /// <summary>What stands before a value (its name), and the value.</summary>
    public static void WriteJson(this IBufferWriter<byte> output, ReadOnlySpan<byte> before, long value)
    {
        var target = output.GetSpan(before.Length + NumberLengthMax);
        before.CopyTo(target);
        _ = Utf8Formatter.TryFormat(value, target[before.Length..], out var length); // there is room for any
        output.Advance(before.Length + length);
    }

    /// <inheritdoc cref="WriteJson(IBufferWriter{byte}, ReadOnlySpan{byte}, long)"/>
    public static void WriteJson(this IBufferWriter<byte> output, ReadOnlySpan<byte> before, Guid value)
    {
        var target = output.GetSpan(before.Length + IdLength + 2);
        before.CopyTo(target);
        target[before.Length] = (byte)'"';
        _ = Utf8Formatter.TryFormat(value, target[(before.Length + 1)..], out var length); // there is room for any
        target[before.Length + 1 + length] = (byte)'"';
        output.Advance(before.Length + length + 2);
    }

    /// <inheritdoc cref="WriteJson(IBufferWriter{byte}, ReadOnlySpan{byte}, long)"/>
    public static void WriteJson(this IBufferWriter<byte> output, ReadOnlySpan<byte> before, DateTime value)
    {
        var target = output.GetSpan(before.Length + Instant.LengthMax + 2);
        before.CopyTo(target);
        target[before.Length] = (byte)'"';
        var length = Instant.Format(value, target[(before.Length + 1)..]);
        target[before.Length + 1 + length] = (byte)'"';
        output.Advance(before.Length + length + 2);
    }

    /// <inheritdoc cref="WriteJson(IBufferWriter{byte}, ReadOnlySpan{byte}, long)"/>
    public static void WriteJson(this IBufferWriter<byte> output, ReadOnlySpan<byte> before, string value)
    {
        if (value.AsSpan().ContainsAnyExcept(Plain))
        {
            output.Write(before);
            output.Write("\""u8);
            output.Write(JsonEncodedText.Encode(value, Options.Encoder).EncodedUtf8Bytes);
            output.Write("\""u8);
            return;
        }

        var target = output.GetSpan(before.Length + value.Length + 2);
        before.CopyTo(target);
        target[before.Length] = (byte)'"';
        Encoding.ASCII.GetBytes(value, target[(before.Length + 1)..]);
        target[before.Length + 1 + value.Length] = (byte)'"';
        output.Advance(before.Length + value.Length + 2);
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
