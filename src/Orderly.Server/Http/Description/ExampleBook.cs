using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Orderly.Server.Http.Description;

/// <summary>
/// The examples of the API's description: what stands in the files <c>*-examples.json</c> beside the features. Each
/// names examples, and the operations and statuses that show them.
/// </summary>
internal sealed class ExampleBook
{
    /// <summary>In place of an operation's id: the answers that all operations share.</summary>
    public const string Shared = "*";

    /// <summary>In place of a status: the request.</summary>
    public const string Request = "request";
    private const string FileEnd = "-examples.json";

    private readonly Dictionary<string, OpenApiExample> _examples = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Operation, string Place), string[]> _uses = [];

    public IReadOnlyDictionary<string, OpenApiExample> Examples => _examples;

    public static ExampleBook Read()
    {
        var book = new ExampleBook();
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames().Where(IsExamples).Order(StringComparer.Ordinal))
        {
            using var file = assembly.GetManifestResourceStream(name)!;
            book.Take(JsonNode.Parse(file)!.AsObject());
        }

        return book;
    }

    /// <summary>References to the examples of a place, or null where it has none.</summary>
    public Dictionary<string, IOpenApiExample>? For(string operation, string place, OpenApiDocument document) =>
        _uses.TryGetValue((operation, place), out var names)
            ? names.ToDictionary(
                name => name,
                name => (IOpenApiExample)new OpenApiExampleReference(name, document),
                StringComparer.Ordinal)
            : null;

    private static bool IsExamples(string resource) => resource.EndsWith(FileEnd, StringComparison.Ordinal);

    private void Take(JsonObject file)
    {
        foreach (var (name, example) in file["examples"]!.AsObject())
        {
            _examples.Add(name, new OpenApiExample
            {
                Summary = example!["summary"]!.GetValue<string>(),
                Value = example["value"]!.DeepClone(),
            });
        }

        foreach (var (operation, places) in file["uses"]!.AsObject())
        {
            foreach (var (place, names) in places!.AsObject())
            {
                string[] used = [.. names!.AsArray().Select(name => name!.GetValue<string>())];
                if (used.FirstOrDefault(name => !_examples.ContainsKey(name)) is { } unknown)
                {
                    throw new InvalidOperationException(
                        $"{operation} {place} shows an example without content: {unknown}.");
                }

                _uses.Add((operation, place), used);
            }
        }
    }
}
