using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;

namespace Orderly.Server.Http;

/// <summary>304: the caller has the current version already.</summary>
internal sealed class NotModified(int version) : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = StatusCodes.Status304NotModified;
        httpContext.Response.Headers.ETag = Precondition.Tag(version);
        Answer.AddCacheHeaders(httpContext.Response);
        return Task.CompletedTask;
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(304));
        builder.Metadata.Add(new Gives(304, "The version that If-None-Match names is the current one.", "ETag"));
    }
}
