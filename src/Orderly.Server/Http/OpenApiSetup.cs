using Orderly.Server.Access;
using Scalar.AspNetCore;

namespace Orderly.Server.Http;

/// <summary>The description of the API: OpenAPI 3.1, and a page to read and try it.</summary>
internal static class OpenApiSetup
{
    public static void AddOpenApiDocument(this IServiceCollection services) => services.AddOpenApi("v1");

    public static void MapDocumentation(this IEndpointRouteBuilder routes)
    {
        routes.MapOpenApi("/openapi/{documentName}.json").WithMetadata(new OpenToAll());
        routes.MapScalarApiReference("/docs").WithMetadata(new OpenToAll());
    }
}
