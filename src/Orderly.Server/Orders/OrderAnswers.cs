using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;
using Orderly.Contract.Orders;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>201: the order was placed.</summary>
internal sealed class OrderCreated(StoredOrder order, TimeSpan updatableAfter) : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers.Location = "/orders/" + order.Id.ToString("D");
        return Answer.SendAsync(httpContext, StatusCodes.Status201Created, order.Version, order,
            (row, body) => OrderDocument.Write(row, updatableAfter, body));
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(201, typeof(OrderView), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(201, "The order was placed.", "ETag", "Location"));
    }
}

/// <summary>200: the order as it now stands.</summary>
internal sealed class OrderFound(StoredOrder order, TimeSpan updatableAfter) : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext) =>
        Answer.SendAsync(httpContext, StatusCodes.Status200OK, order.Version, order,
            (row, body) => OrderDocument.Write(row, updatableAfter, body));

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(200, typeof(OrderView), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(200, "The order as it now stands.", "ETag"));
    }
}

/// <summary>200: one page of orders.</summary>
internal sealed class OrderPage(OrderList page, TimeSpan updatableAfter) : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext) =>
        Answer.SendPageAsync(httpContext, page.Orders, page.Next,
            (row, body) => OrderDocument.Write(row, updatableAfter, body));

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(200, typeof(Page<OrderView>), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(200, "One page of orders.", "Link"));
    }
}
