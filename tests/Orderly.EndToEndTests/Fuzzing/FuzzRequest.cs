using System.Text;
using System.Text.Json;

namespace Orderly.EndToEndTests.Fuzzing;

/// <summary>How far a request is from what is described.</summary>
internal enum FuzzKind
{
    /// <summary>As described.</summary>
    Valid,

    /// <summary>As described, but for one thing.</summary>
    Near,

    /// <summary>Meant to harm.</summary>
    Hostile,

    /// <summary>No HTTP, or HTTP that several readers would take for different things.</summary>
    Broken,
}

/// <summary>One request, as it goes over the wire.</summary>
/// <param name="Operation">What it asks for; null: an address or a method that there is not.</param>
/// <param name="Twist">What was done to it, for the report.</param>
/// <param name="Caller">Whose key it has, for the report.</param>
internal sealed record FuzzRequest(
    int Number, DescribedOperation? Operation, FuzzKind Kind, string Twist, string Caller, string Method, string Target,
    IReadOnlyList<(string Name, string Value)> Headers, byte[]? Body)
{
    private const int ShownMax = 1_500;

    /// <summary>The message; headers that frame it come last, where none of the request says otherwise.</summary>
    public byte[] ToBytes()
    {
        var head = new StringBuilder().Append(Method).Append(' ').Append(Target).Append(" HTTP/1.1\r\nHost: fuzz\r\n");
        foreach (var (name, value) in Headers)
        {
            head.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        if (Body is not null && !Headers.Any(header =>
            header.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
            || header.Name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase)))
        {
            head.Append("Content-Length: ").Append(Body.Length).Append("\r\n");
        }

        return [.. Encoding.UTF8.GetBytes(head.Append("\r\n").ToString()), .. Body ?? []];
    }

    /// <summary>The message on one line, without what a terminal would obey, cut where it is long.</summary>
    public override string ToString()
    {
        var text = JsonSerializer.Serialize(Encoding.Latin1.GetString(ToBytes()));
        return $"#{Number} {Operation?.Name ?? "elsewhere"}, {Kind}: {Twist}, {Caller}: "
            + (text.Length > ShownMax ? text[..ShownMax] + "…" : text);
    }
}

/// <summary>What came back; status 0 where no answer did.</summary>
internal sealed class FuzzAnswer(
    int status, IReadOnlyList<(string Name, string Value)> headers, byte[] body, bool isWhole, string? failure)
{
    private JsonElement? _json;

    public int Status => status;

    public IReadOnlyList<(string Name, string Value)> Headers => headers;

    public byte[] Body => body;

    /// <summary>Whether the body was read to its end: the ends of long streams are not waited for.</summary>
    public bool IsWhole => isWhole;

    /// <summary>Why there is no answer.</summary>
    public string? Failure => failure;

    public string? MediaType => Header("Content-Type")?.Split(';')[0];

    public string? Header(string name) =>
        headers.FirstOrDefault(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>The body, null where it is not JSON.</summary>
    public JsonElement? Json => _json ??= Parse(body);

    public static JsonElement? Parse(ReadOnlySpan<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text);
            var parsed = JsonElement.ParseValue(ref reader);
            return reader.Read() ? null : parsed;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
