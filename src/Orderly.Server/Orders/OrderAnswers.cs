using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;
using Orderly.Contract.Orders;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>201: the order was placed.</summary>
internal sealed class OrderCreated(WriteAnswer answer, WriteTerms terms, TimeSpan updatableAfter)
    : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (!terms.IsDryRun)
        {
            httpContext.Response.Headers.Location = "/orders/" + answer.Order.Id.ToString("D");
        }

        return OrderWritten.SendAsync(httpContext, answer, updatableAfter);
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(201, typeof(OrderView), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(201, "The order was placed.", "ETag", "Location", OrderWritten.ReplayedHeader));
    }
}

/// <summary>200: the order as the write left it.</summary>
internal sealed class OrderWritten(WriteAnswer answer, TimeSpan updatableAfter) : IResult, IEndpointMetadataProvider
{
    public const string ReplayedHeader = "Idempotent-Replayed";

    public Task ExecuteAsync(HttpContext httpContext) => SendAsync(httpContext, answer, updatableAfter);

    public static Task SendAsync(HttpContext http, WriteAnswer answer, TimeSpan updatableAfter)
    {
        if (answer.IsReplay)
        {
            http.Response.Headers[ReplayedHeader] = "true";
        }

        return Answer.SendAsync(http, answer.Status, answer.Order.Version, answer.Order,
            (row, body) => OrderDocument.Write(row, updatableAfter, body));
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(200, typeof(OrderView), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(200, "The order as the write left it.", "ETag", ReplayedHeader));
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
            new ProducesResponseTypeMetadata(200, typeof(CountedPage<OrderView>), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(200, "One page of orders.", "Link"));
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
