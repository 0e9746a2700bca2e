using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;
using Orderly.Contract.Orders;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>201: the order was placed.</summary>
internal sealed class OrderCreated(WrittenOrder written, WriteTerms terms, OrderDisplay display)
    : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (!terms.IsDryRun)
        {
            httpContext.Response.Headers.Location = "/orders/" + written.Order.Id.ToString("D");
        }

        return OrderWritten.SendAsync(httpContext, StatusCodes.Status201Created, written, display);
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(201, typeof(OrderView), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(201, "The order was placed.", "ETag", "Location", Answer.ReplayedHeader));
    }
}

/// <summary>200: the order as the write left it.</summary>
internal sealed class OrderWritten(WrittenOrder written, OrderDisplay display) : IResult, IEndpointMetadataProvider
{
    public Task ExecuteAsync(HttpContext httpContext) =>
        SendAsync(httpContext, StatusCodes.Status200OK, written, display);

    /// <summary>Who places an order is shown what it sent just now, which reveals nothing.</summary>
    public static async Task SendAsync(HttpContext http, int status, WrittenOrder written, OrderDisplay display)
    {
        var shown = status == StatusCodes.Status201Created && !written.IsReplay
            ? display.ForAuthor(http)
            : await display.ForAsync(http, [written.Order]);
        Answer.MarkReplay(http, written.IsReplay);
        await Answer.SendAsync(http, status, written.Order.Version, written.Order,
            (row, body) => OrderDocument.Write(row, shown, body));
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(200, typeof(OrderView), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(200, "The order as the write left it.", "ETag", Answer.ReplayedHeader));
    }
}

/// <summary>200: the order as it stands, or stood.</summary>
internal sealed class OrderFound(FoundOrder found, OrderDisplay display) : IResult, IEndpointMetadataProvider
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var shown = await display.ForAsync(httpContext, [found.Order], found.Fields);
        await Answer.SendAsync(httpContext, StatusCodes.Status200OK, found.Order.Version, found.Order,
            FieldSelection.Apply<StoredOrder>(found.Fields, (row, body) => OrderDocument.Write(row, shown, body)));
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(200, typeof(OrderView), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(200, "The order as it now stands.", "ETag"));
    }
}

/// <summary>200: one page of orders.</summary>
internal sealed class OrderPage(OrderList list, OrderDisplay display) : IResult, IEndpointMetadataProvider
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var shown = await display.ForAsync(httpContext, list.Page.Rows, list.Fields);
        await Answer.SendPageAsync(httpContext, list.Page, FieldSelection.Apply<StoredOrder>(
            list.Fields, (row, body) => OrderDocument.Write(row, shown, body)));
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(
            new ProducesResponseTypeMetadata(200, typeof(CountedPage<OrderView>), [.. ListFormat.MediaTypes]));
        builder.Metadata.Add(new Gives(200, "One page of orders; as a stream all of them.", "Link"));
    }
}

/// <summary>200: one version of an order with the whole order.</summary>
internal sealed class RevisionFound(RevisionStep step, StoredOrder order, OrderDisplay display)
    : IResult, IEndpointMetadataProvider
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var shown = await display.ForAsync(httpContext, step.HasPersonal ? [(order.Id, order.Team)] : []);
        await Answer.SendAsync(httpContext, StatusCodes.Status200OK, step.Revision.Version, step,
            (row, body) => RevisionDocument.Write(row, order, shown, body));
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(200, typeof(RevisionView), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(200, "One version, with the whole order.", "ETag"));
    }
}

/// <summary>200: one page of versions.</summary>
internal sealed class RevisionPage(StoredOrder order, Paged<RevisionStep> page, OrderDisplay display)
    : IResult, IEndpointMetadataProvider
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var shown = await display.ForAsync(
            httpContext, page.Rows.Any(step => step.HasPersonal) ? [(order.Id, order.Team)] : []);
        await Answer.SendPageAsync(httpContext, page,
            (row, body) => RevisionDocument.Write(row, order: null, shown, body));
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(200, typeof(Page<RevisionView>), [JsonBody.MediaType]));
        builder.Metadata.Add(new Gives(200, "One page of versions.", "Link"));
    }
}
