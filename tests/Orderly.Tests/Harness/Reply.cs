using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Orderly.Tests.Harness;

/// <summary>What the server answered, read once.</summary>
public sealed class Reply(string request, int status, ILookup<string, string[]> headers, byte[] body)
{
    private JsonElement? _json;

    public int Status => status;

    public byte[] Body => body;

    public string Text => Encoding.UTF8.GetString(body);

    public JsonElement Json => _json ??= JsonSerializer.Deserialize<JsonElement>(body);

    public string Id => Json.GetProperty("id").GetString()!;

    public int Version => Json.GetProperty("version").GetInt32();

    /// <summary>The header, or null where it is absent; several values are joined.</summary>
    public string? Header(string name) =>
        headers.Contains(name) ? string.Join(", ", headers[name].SelectMany(values => values)) : null;

    public Reply ShouldBe(int expected)
    {
        status.ShouldBe(expected, $"{request} answered {Text}");
        return this;
    }

    /// <summary>The value at a path such as <c>services/0/fee</c>, exactly as it stands in the body.</summary>
    public string? Raw(string path) => At(path).GetRawText();

    /// <summary>The text at a path, null for null.</summary>
    public string? String(string path) => At(path).GetString();

    public JsonElement At(string path) => path.Split('/').Aggregate(Json, (element, step) =>
        element.ValueKind == JsonValueKind.Array
            ? element[int.Parse(step, CultureInfo.InvariantCulture)]
            : element.GetProperty(step));

    /// <summary>A refusal with this status and code, complete in all its members.</summary>
    public Reply ShouldRefuse(int expected, string code)
    {
        ShouldBe(expected);
        Header("Content-Type").ShouldBe("application/problem+json", request);
        String("code").ShouldBe(code, Text);
        String("type").ShouldBe("/problems/" + code);
        At("status").GetInt32().ShouldBe(expected);
        String("title").ShouldNotBeNullOrWhiteSpace();
        String("detail").ShouldNotBeNullOrWhiteSpace();
        String("instance").ShouldNotBeNull().ShouldStartWith("/");
        String("traceId").ShouldNotBeNull().ShouldMatch("^[0-9a-f]{32}$");
        Header("X-Request-Id").ShouldNotBeNullOrWhiteSpace();
        return this;
    }

    /// <summary>A refusal because of one fault in the body, which has the same code.</summary>
    public Reply ShouldRefuse(int expected, string code, string pointer)
    {
        ShouldRefuse(expected, code).Faults.ShouldBe([$"{pointer} {code}"]);
        return this;
    }

    /// <summary>
    /// The faults as <c>place code</c>, where place is a pointer into the body or the name of a parameter.
    /// </summary>
    public IReadOnlyList<string> Faults =>
        Json.TryGetProperty("errors", out var errors)
            ? [.. errors.EnumerateArray().Select(Describe)]
            : [];

    private static string Describe(JsonElement error)
    {
        error.GetProperty("detail").GetString().ShouldNotBeNullOrWhiteSpace();
        var place = error.TryGetProperty("pointer", out var pointer) ? pointer : error.GetProperty("parameter");
        return $"{place.GetString()} {error.GetProperty("code").GetString()}";
    }
}
