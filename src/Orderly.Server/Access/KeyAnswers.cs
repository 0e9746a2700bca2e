using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;
using Orderly.Contract.Access;
using Orderly.Contract.Orders;
using Orderly.Server.Http;

namespace Orderly.Server.Access;

/// <summary>201: the key was made; its secret is in this answer and nowhere else.</summary>
internal sealed class KeyCreated(KeyAnswer answer, bool isDryRun) : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (answer.Fresh is { } fresh && !isDryRun)
        {
            httpContext.Response.Headers.Location = "/keys/" + fresh.Key.Id;
        }

        return KeyChanged.SendAsync(httpContext, answer);
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(201, typeof(KeyView), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(201,
            "The key was made. `key` is the text to send; it is not shown again, not even to who repeats the request.",
            "ETag", "Location", Answer.ReplayedHeader));
    }
}

/// <summary>200: the key as the write left it, with the new secret where it made one.</summary>
internal sealed class KeyChanged(KeyAnswer answer) : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext) => SendAsync(httpContext, answer);

    public static Task SendAsync(HttpContext http, KeyAnswer answer)
    {
        Answer.MarkReplay(http, answer.IsReplay);
        return Answer.SendAsync(http, answer.Status, answer.Version, answer, (sent, body) =>
        {
            if (sent.Fresh is { } fresh)
            {
                KeyDocument.Write(fresh.Key, fresh.Secret, body);
            }
            else
            {
                body.Write(sent.Body);
            }
        });
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(200, typeof(KeyView), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(200, "The key as the write left it.", "ETag", Answer.ReplayedHeader));
    }
}

/// <summary>200: the key as it stands.</summary>
internal sealed class KeyFound(ApiKey key) : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext) =>
        Answer.SendAsync(httpContext, StatusCodes.Status200OK, key.Version, key,
            (row, body) => KeyDocument.Write(row, secret: null, body));

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(200, typeof(KeyView), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(200, "The key as it now stands.", "ETag"));
    }
}

/// <summary>200: one page of keys.</summary>
internal sealed class KeyPage(Paged<ApiKey> page) : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext) => Answer.SendPageAsync(httpContext, page,
        (row, body) => KeyDocument.Write(row, secret: null, body));

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(200, typeof(CountedPage<KeyView>), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(200, "One page of keys.", "Link"));
    }
}

/// <summary>200: one page of the audit record.</summary>
internal sealed class AuditPage(Paged<AuditRow> page) : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext) =>
        Answer.SendPageAsync(httpContext, page, Write);

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(200, typeof(Page<AuditEntry>), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(200, "One page of entries.", "Link"));
    }

    private static void Write(AuditRow row, PooledBuffer body)
    {
        var writer = JsonOutput.For(body);
        writer.WriteStartObject();
        writer.WriteString("id"u8, row.Note.Id);
        writer.WriteInstant("at"u8, row.At);
        writer.WriteString("type"u8, row.Note.Type);
        writer.WriteString("actor"u8, row.Note.Actor);
        writer.WriteString("team"u8, row.Note.Team);
        writer.WriteString("subject"u8, row.Note.Subject);
        writer.WritePropertyName("detail"u8);
        writer.WriteRawValue(row.Note.Detail);
        writer.WriteEndObject();
        writer.Flush();
    }
}
