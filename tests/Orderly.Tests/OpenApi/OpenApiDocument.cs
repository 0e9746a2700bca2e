using System.Text.Json;

namespace Orderly.Tests.OpenApi;

/// <summary>The OpenAPI document that the code makes, and the one that is committed.</summary>
internal sealed class OpenApiDocument
{
    public const string RefreshCommand = "dotnet run --project src/Orderly.Server -- openapi > docs/openapi.json";

    private static readonly Lazy<Task<OpenApiDocument>> Built =
        new(async () => new OpenApiDocument(await Server.Startup.Server.DescribeAsync()));

    private OpenApiDocument(byte[] text)
    {
        Text = text;
        Root = JsonSerializer.Deserialize<JsonElement>(text);
        Checker = new SchemaChecker(Root);
    }

    public byte[] Text { get; }

    public JsonElement Root { get; }

    public SchemaChecker Checker { get; }

    /// <summary>Every operation as <c>GET /orders/{id}</c>.</summary>
    public Dictionary<string, JsonElement> Operations => Root.GetProperty("paths").EnumerateObject()
        .SelectMany(path => path.Value.EnumerateObject().Select(operation =>
            ($"{operation.Name.ToUpperInvariant()} {path.Name}", operation.Value)))
        .ToDictionary(StringComparer.Ordinal);

    /// <summary>Made once; nobody changes it.</summary>
    public static Task<OpenApiDocument> BuildAsync() => Built.Value;

    public static async Task<byte[]> ReadCommittedAsync()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Orderly.slnx")))
        {
            folder = folder.Parent.ShouldNotBeNull("the tests run inside the repository");
        }

        return await File.ReadAllBytesAsync(Path.Combine(folder.FullName, "docs", "openapi.json"));
    }

    /// <summary>What is wrong with an answer, held against what the operation says of its status.</summary>
    public IReadOnlyList<string> CheckAnswer(string operation, int status, string mediaType, JsonElement body)
    {
        var answers = Operations[operation].GetProperty("responses");
        if (!answers.TryGetProperty(status.ToString(System.Globalization.CultureInfo.InvariantCulture), out var answer))
        {
            return [$"{operation} does not list {status}"];
        }

        var content = Resolve(answer).GetProperty("content");
        return content.TryGetProperty(mediaType, out var described)
            ? Checker.Check(described.GetProperty("schema"), body)
            : [$"{operation} {status} does not list {mediaType}"];
    }

    public JsonElement Resolve(JsonElement element) =>
        element.TryGetProperty("$ref", out var reference) ? Checker.Find(reference.GetString()!) : element;
}
