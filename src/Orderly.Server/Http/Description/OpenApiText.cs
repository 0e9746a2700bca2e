using System.Security.Cryptography;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;

namespace Orderly.Server.Http.Description;

/// <summary>The OpenAPI document as it is served, made once: anyone may ask for it, and it never changes.</summary>
internal sealed class OpenApiText([FromKeyedServices(OpenApiText.Name)] IOpenApiDocumentProvider documents)
{
    public const string Name = "v1";

    private readonly Lazy<Task<byte[]>> _bytes = new(() => WriteAsync(documents));

    public Task<byte[]> BytesAsync() => _bytes.Value;

    public static EntityTagHeaderValue Tag(byte[] text) =>
        new($"\"{Convert.ToHexStringLower(SHA256.HashData(text))}\"");

    private static async Task<byte[]> WriteAsync(IOpenApiDocumentProvider documents)
    {
        var document = await documents.GetOpenApiDocumentAsync();
        using var stream = new MemoryStream();
        await document.SerializeAsJsonAsync(stream, OpenApiSpecVersion.OpenApi3_1);
        stream.Write("\n"u8);
        return stream.ToArray();
    }
}
