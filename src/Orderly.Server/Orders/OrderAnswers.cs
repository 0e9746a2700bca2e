using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;
using Orderly.Contract.Orders;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>201: the order was placed.</summary>
internal sealed class OrderCreated(WrittenOrder written, WriteTerms terms, TimeSpan updatableAfter)
    : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (!terms.IsDryRun)
        {
            httpContext.Response.Headers.Location = "/orders/" + written.Order.Id.ToString("D");
        }

        return OrderWritten.SendAsync(httpContext, StatusCodes.Status201Created, written, updatableAfter);
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(201, typeof(OrderView), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(201, "The order was placed.", "ETag", "Location", Answer.ReplayedHeader));
    }
}

/// <summary>200: the order as the write left it.</summary>
internal sealed class OrderWritten(WrittenOrder written, TimeSpan updatableAfter) : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext) =>
        SendAsync(httpContext, StatusCodes.Status200OK, written, updatableAfter);

    public static Task SendAsync(HttpContext http, int status, WrittenOrder written, TimeSpan updatableAfter)
    {
        Answer.MarkReplay(http, written.IsReplay);
        return Answer.SendAsync(http, status, written.Order.Version, written.Order,
            (row, body) => OrderDocument.Write(row, updatableAfter, body));
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(200, typeof(OrderView), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(200, "The order as the write left it.", "ETag", Answer.ReplayedHeader));
    }
}

/// <summary>200: the order as it stands, or stood.</summary>
internal sealed class OrderFound(FoundOrder found, TimeSpan updatableAfter) : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext) =>
        Answer.SendAsync(httpContext, StatusCodes.Status200OK, found.Order.Version, found.Order,
            FieldSelection.Apply<StoredOrder>(
                found.Fields, (row, body) => OrderDocument.Write(row, updatableAfter, body)));

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(200, typeof(OrderView), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(200, "The order as it now stands.", "ETag"));
    }
}

/// <summary>200: one page of orders.</summary>
internal sealed class OrderPage(OrderList list, TimeSpan updatableAfter) : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext) =>
        Answer.SendPageAsync(httpContext, list.Page, FieldSelection.Apply<StoredOrder>(
            list.Fields, (row, body) => OrderDocument.Write(row, updatableAfter, body)));

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(
            new ProducesResponseTypeMetadata(200, typeof(CountedPage<OrderView>), [.. ListFormat.MediaTypes]));
        builder.Metadata.Add(new Gives(200, "One page of orders; as a stream all of them.", "Link"));
    }
}

/// <summary>200: one version of an order with the whole order.</summary>
internal sealed class RevisionFound(RevisionStep step, StoredOrder order, TimeSpan updatableAfter)
    : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext) =>
        Answer.SendAsync(httpContext, StatusCodes.Status200OK, step.Revision.Version, step,
            (row, body) => RevisionDocument.Write(row, order, updatableAfter, body));

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(200, typeof(RevisionView), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(200, "One version, with the whole order.", "ETag"));
    }
}

/// <summary>200: one page of versions.</summary>
internal sealed class RevisionPage(Paged<RevisionStep> page, TimeSpan updatableAfter)
    : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext) => Answer.SendPageAsync(httpContext, page,
        (row, body) => RevisionDocument.Write(row, order: null, updatableAfter, body));

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(200, typeof(Page<RevisionView>), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(200, "One page of versions.", "Link"));
    }
}
