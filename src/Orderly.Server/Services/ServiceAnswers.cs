using System.Buffers;
using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;
using Orderly.Contract.Orders;
using Orderly.Contract.Services;
using Orderly.Server.Http;

namespace Orderly.Server.Services;

/// <summary>201: the record was created.</summary>
internal sealed class ServiceCreated(string id, ServiceWritten written) : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (written.IsStored)
        {
            httpContext.Response.Headers.Location = "/services/" + id;
        }

        return ServiceReplaced.SendAsync(httpContext, StatusCodes.Status201Created, written);
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(201, typeof(ServiceView), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(201, "The service record was created.", "ETag", "Location"));
    }
}

/// <summary>200: the record as it now stands.</summary>
internal sealed class ServiceFound(Service service) : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext) => Answer.SendAsync(
        httpContext, StatusCodes.Status200OK, service.Version, service, ServiceDocument.Write);

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) => Describe(builder);

    public static void Describe(EndpointBuilder builder, params string[] headers)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(200, typeof(ServiceView), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(200, "The service record as it now stands.", ["ETag", .. headers]));
    }
}

/// <summary>200: the record as the write left it.</summary>
internal sealed class ServiceReplaced(ServiceWritten written) : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext) => SendAsync(httpContext, StatusCodes.Status200OK, written);

    public static Task SendAsync(HttpContext http, int status, ServiceWritten written) =>
        Answer.SendAsync(http, status, written.Version, written, static (row, body) => body.Write(row.Document));

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) => ServiceFound.Describe(builder);
}

/// <summary>200: the record as the write left it, or as the same request left it before.</summary>
internal sealed class ServicePatched(ServiceWritten written) : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        Answer.MarkReplay(httpContext, written.IsReplay);
        return ServiceReplaced.SendAsync(httpContext, StatusCodes.Status200OK, written);
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        ServiceFound.Describe(builder, Answer.ReplayedHeader);
}

/// <summary>200: one page of records.</summary>
internal sealed class ServicePage(ServiceList page) : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext) =>
        Answer.SendPageAsync(
            httpContext, page.Page, FieldSelection.Apply<Service>(page.Fields, ServiceDocument.Write));

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(
            new ProducesResponseTypeMetadata(200, typeof(CountedPage<ServiceView>), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(200, "One page of service records.", "Link"));
    }
}

/// <summary>The JSON of a service record.</summary>
internal static class ServiceDocument
{
    private const int SizeHint = 512;

    /// <summary>The members, in their order.</summary>
    public static readonly IReadOnlyList<string> Fields =
        ["id", "name", "description", "fee", "currency", "active", "version", "createdAt", "updatedAt"];

    public static byte[] ToBytes(Service service)
    {
        using var body = new PooledBuffer(SizeHint);
        Write(service, body);
        return body.WrittenSpan.ToArray();
    }

    public static void Write(Service service, IBufferWriter<byte> output)
    {
        var writer = JsonOutput.For(output);
        writer.WriteStartObject();
        writer.WriteString("id"u8, service.Id);
        writer.WriteString("name"u8, service.Name);
        writer.WriteString("description"u8, service.Description);
        writer.WriteNumberOrNull("fee"u8, service.Fee);
        writer.WriteString("currency"u8, service.Currency);
        writer.WriteBoolean("active"u8, service.Active);
        writer.WriteNumber("version"u8, service.Version);
        writer.WriteInstant("createdAt"u8, service.CreatedAt);
        writer.WriteInstant("updatedAt"u8, service.UpdatedAt);
        writer.WriteEndObject();
        writer.Flush();
    }
}
