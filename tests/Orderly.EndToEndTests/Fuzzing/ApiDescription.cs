using System.Text.Json;
using Orderly.Tests.OpenApi;

namespace Orderly.EndToEndTests.Fuzzing;

/// <summary>One parameter of an operation.</summary>
/// <param name="In"><c>path</c>, <c>query</c> or <c>header</c>.</param>
internal sealed record DescribedParameter(string Name, string In, bool IsRequired, JsonElement Schema);

/// <summary>One operation, with all that is said of what it takes and answers.</summary>
/// <param name="Bodies">The schema of each media type that it takes; none where it takes no body.</param>
/// <param name="Answers">For each status the schema of each media type.</param>
internal sealed record DescribedOperation(
    string Method, string Path, IReadOnlyList<DescribedParameter> Parameters,
    IReadOnlyDictionary<string, JsonElement> Bodies, bool IsBodyRequired,
    IReadOnlyDictionary<int, IReadOnlyDictionary<string, JsonElement>> Answers, bool IsOpen)
{
    public string Name => $"{Method} {Path}";
}

/// <summary>What a server says of itself in its OpenAPI document.</summary>
internal sealed class ApiDescription
{
    public ApiDescription(byte[] document)
    {
        Root = JsonSerializer.Deserialize<JsonElement>(document);
        Checker = new SchemaChecker(Root);
        Operations =
        [
            .. Root.GetProperty("paths").EnumerateObject().SelectMany(path =>
                path.Value.EnumerateObject().Select(operation => Read(operation, path.Name))),
        ];
    }

    public JsonElement Root { get; }

    public SchemaChecker Checker { get; }

    public IReadOnlyList<DescribedOperation> Operations { get; }

    public JsonElement Resolve(JsonElement element) =>
        element.TryGetProperty("$ref", out var reference) ? Resolve(Checker.Find(reference.GetString()!)) : element;

    private DescribedOperation Read(JsonProperty operation, string path)
    {
        var parameters = operation.Value.TryGetProperty("parameters", out var all)
            ? all.EnumerateArray().Select(Resolve).Select(parameter => new DescribedParameter(
                parameter.GetProperty("name").GetString()!, parameter.GetProperty("in").GetString()!,
                IsTrue(parameter, "required"), parameter.GetProperty("schema")))
            : [];
        var hasBody = operation.Value.TryGetProperty("requestBody", out var body);
        return new DescribedOperation(
            operation.Name.ToUpperInvariant(), path, [.. parameters],
            hasBody ? Schemas(Resolve(body)) : [],
            hasBody && IsTrue(Resolve(body), "required"),
            operation.Value.GetProperty("responses").EnumerateObject().ToDictionary(
                answer => int.Parse(answer.Name, System.Globalization.CultureInfo.InvariantCulture),
                answer => (IReadOnlyDictionary<string, JsonElement>)Schemas(Resolve(answer.Value))),
            operation.Value.TryGetProperty("security", out var security) && security.GetArrayLength() == 0);
    }

    private static Dictionary<string, JsonElement> Schemas(JsonElement described) =>
        described.TryGetProperty("content", out var content)
            ? content.EnumerateObject().ToDictionary(type => type.Name, type => type.Value.GetProperty("schema"))
            : [];

    private static bool IsTrue(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
}
