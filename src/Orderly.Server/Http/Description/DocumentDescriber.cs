using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Orderly.Server.Http.Description;

/// <summary>Says of some schemas what their types can't.</summary>
internal delegate void DescribeSchemas(SchemaBook book);

/// <summary>Puts the document as a whole together: what it is about, what is shared, what each schema takes.</summary>
internal sealed class DocumentDescriber(ExampleBook examples, IEnumerable<DescribeSchemas> features)
    : IOpenApiDocumentTransformer
{
    private const string About =
        """
        Orders, and the service records that they refer to.

        - **Strict input.** What is not known is refused, never ignored: fields, query parameters, types. All faults
          of a request are told at once.
        - **Times** are RFC 3339 with an offset in, UTC with `Z` out, to the microsecond.
        - **Money** is an exact decimal with the scale that it was given: `149.90` stays `149.90`.
        - **Refusals** are problem documents (RFC 9457), always; `code` is for programs and `/problems/{code}`
          explains it to people. Beside what an operation lists, the HTTP server itself can refuse with 404 (no such
          address), 405 (with `Allow`), 408, 414 and 431, in the same form.
        - **HEAD** is answered wherever GET of an order, a service record or a list of them is, without a body; it is
          not listed apart.
        """;

    private static readonly (string Name, string About)[] Tags =
    [
        ("Orders", "Orders: placed, read, updated once they are old enough, deleted."),
        ("History", "What became of an order: every version of it."),
        ("Changes", "Every change of every order, for other systems to follow."),
        ("Services", "Service records: what the lines of an order refer to."),
        ("Keys", "API keys: who may call, from where, and what they may do."),
        ("Audit", "What was done with powers that need watching."),
        ("Health", "Whether the process lives and the service can serve. Open to all."),
        ("Problems", "The pages that explain problem codes. Open to all."),
    ];

    public Task TransformAsync(
        OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Orderly",
            Summary = "The order management service.",
            Description = About.ReplaceLineEndings("\n"),
            Version = typeof(DocumentDescriber).Assembly.GetName().Version!.ToString(3),
            License = new OpenApiLicense { Name = "Apache License 2.0", Identifier = "Apache-2.0" },
        };
        document.Servers = [new OpenApiServer { Url = "/", Description = "The server that this document came from." }];
        document.Tags = Tags.Select(tag => new OpenApiTag { Name = tag.Name, Description = tag.About }).ToHashSet();
        document.Security = KeySchemes.Required(document);
        SharedParts.AddTo(document, examples);
        var book = new SchemaBook(document);
        foreach (var describe in features)
        {
            describe(book);
        }

        book.LimitFormats();

        return Task.CompletedTask;
    }
}
