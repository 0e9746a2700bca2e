using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Orderly.Server.Access;
using Orderly.Server.Http.Description;
using Scalar.AspNetCore;

namespace Orderly.Server.Http;

/// <summary>The description of the API: OpenAPI 3.1, and a page to read and try it.</summary>
internal static class OpenApiSetup
{
    private const string DocumentPath = "/openapi/" + OpenApiText.Name + ".json";
    private const string PagePath = "/docs";
    private const int NonceLengthBytes = 16;

    /// <summary>What the page is made of; the empty name, and that of the document, is the page itself.</summary>
    private static readonly string[] PageFiles =
        ["", OpenApiText.Name, "scalar.js", "scalar.aspnetcore.js", "favicon.svg"];

    /// <param name="features">What the features say of their schemas.</param>
    public static void AddOpenApiDocument(this IServiceCollection services, params DescribeSchemas[] features)
    {
        // Numbers in quotes are refused, so they are not described either.
        services.ConfigureHttpJsonOptions(json =>
            json.SerializerOptions.NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict);
        services.AddSingleton<IApiDescriptionProvider, DescribedBodies>();
        var examples = ExampleBook.Read();
        services.AddOpenApi(OpenApiText.Name, options =>
        {
            options.ShouldInclude = description => !HttpMethods.IsHead(description.HttpMethod ?? "");
            options.AddOperationTransformer(new OperationDescriber(examples));
            options.AddDocumentTransformer(new DocumentDescriber(examples, [ProblemSchemas.Describe, .. features]));
        });
        services.AddSingleton<OpenApiText>();
    }

    public static void MapDocumentation(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods(DocumentPath, Described.ReadMethods, ServeAsync)
            .WithMetadata(new OpenToAll())
            .ExcludeFromDescription();
        routes.MapScalarApiReference(PagePath, ConfigurePage).WithMetadata(new OpenToAll()).Add(ServePage);
    }

    private static async Task<FileContentHttpResult> ServeAsync(OpenApiText text)
    {
        var bytes = await text.BytesAsync();
        return TypedResults.Bytes(bytes, JsonBody.MediaType, entityTag: OpenApiText.Tag(bytes));
    }

    /// <summary>
    /// The page comes whole from here: it asks nothing of other hosts and sends them nothing. The browser holds it to
    /// that (Content Security Policy, level 3), and runs no script but those of the page.
    /// </summary>
    private static void ConfigurePage(ScalarOptions page, HttpContext http)
    {
        var nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(NonceLengthBytes));
        http.Response.Headers.ContentSecurityPolicy =
            $"default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self' 'unsafe-inline'; "
            + "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
            + "base-uri 'self'; form-action 'none'; frame-ancestors 'none'";
        Configure(page.WithNonce(nonce));
    }

    private static void Configure(ScalarOptions page) => page
        .WithTitle("Orderly API")
        .WithOpenApiRoutePattern(DocumentPath)
        .AddHeadContent($"<base href=\"{PagePath}/\">")
        .DisableDefaultFonts()
        .DisableTelemetry()
        .DisableAgent()
        .DisableMcp()
        .HideClientButton()
        .HideDeveloperTools();

    /// <summary>
    /// The page answers at <c>/docs</c> itself instead of sending the reader on to <c>/docs/</c>; its base address
    /// finds its scripts from either. It answers HEAD, too, and nothing else is there.
    /// </summary>
    private static void ServePage(EndpointBuilder endpoint)
    {
        endpoint.Metadata.Add(new HttpMethodMetadata(Described.ReadMethods));
        var serve = endpoint.RequestDelegate!;
        endpoint.RequestDelegate = http =>
        {
            if (string.Equals(http.Request.Path, PagePath, StringComparison.OrdinalIgnoreCase))
            {
                http.Request.Path = PagePath + "/";
            }

            if (!PageFiles.Contains(http.Request.Path.Value![(PagePath.Length + 1)..], StringComparer.Ordinal))
            {
                http.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            }

            return serve(http);
        };
    }
}
