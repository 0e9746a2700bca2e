using Microsoft.OpenApi;

namespace Orderly.Server.Http.Description;

/// <summary>The two ways to say who one is.</summary>
internal static class KeySchemes
{
    private const string ApiKey = "ApiKey";
    private const string Bearer = "Bearer";

    public static Dictionary<string, IOpenApiSecurityScheme> All() => new(StringComparer.Ordinal)
    {
        [ApiKey] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.ApiKey,
            Name = "X-Api-Key",
            In = ParameterLocation.Header,
            Description = "An API key of Orderly.",
        },
        [Bearer] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "The same API key as a bearer token (RFC 6750); or, where the service knows an OpenID "
                + "Connect provider, the access token (a JWT) of a person that it issued for this service.",
        },
    };

    /// <summary>Either of them will do.</summary>
    public static List<OpenApiSecurityRequirement> Required(OpenApiDocument document) =>
    [
        new() { [new OpenApiSecuritySchemeReference(ApiKey, document)] = [] },
        new() { [new OpenApiSecuritySchemeReference(Bearer, document)] = [] },
    ];
}
