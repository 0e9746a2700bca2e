using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Orderly.Contract.Orders;
using Orderly.Server.Http;

namespace Orderly.Server.Transfer;

/// <summary>200: what became of the rows of an import.</summary>
internal sealed class ImportAnswer(ImportResult result) : IResult, IEndpointMetadataProvider
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using var body = new PooledBuffer(1024);
        JsonSerializer.Serialize(JsonOutput.For(body), result);
        httpContext.Response.StatusCode = StatusCodes.Status200OK;
        httpContext.Response.ContentType = JsonBody.MediaType;
        httpContext.Response.ContentLength = body.WrittenCount;
        Answer.AddCacheHeaders(httpContext.Response);
        await httpContext.Response.Body.WriteAsync(body.WrittenMemory, httpContext.RequestAborted);
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(200, typeof(ImportResult), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(200, "What became of the rows."));
    }
}
