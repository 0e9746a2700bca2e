using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;
using Orderly.Contract.Changes;
using Orderly.Server.Access;
using Orderly.Server.Http;
using Orderly.Server.Observability;

namespace Orderly.Server.Orders;

/// <summary>200: one page of the feed.</summary>
internal sealed class EventPage(FeedBatch batch, OrderDisplay display) : IResult, IEndpointMetadataProvider
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var shown = await display.ForAsync(httpContext, batch.Entries.Select(entry => entry.Order));
        await Answer.SendPageAsync(httpContext, new Paged<FeedEntry>(batch.Entries, FeedToken.Make(batch.Last)),
            (row, body) => EventDocument.Write(row, shown, body), linkParameter: "after");
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(
            200, typeof(ChangePage), [JsonBody.MediaType, ListFormat.Events.MediaType]));
        builder.Metadata.Add(new Gives(200, "Some changes, and the token to go on from.", "Link"));
    }
}

/// <summary>
/// 200: the feed as server-sent events, for as long as the reader stays and may have them. Nothing is held between two
/// reads, so a slow reader costs a socket and no more.
/// </summary>
internal sealed class EventStream(
    ReadFeed feed, FeedQuery query, OrderDisplay display, CallerWatch callers, TimeSpan heartbeatEvery,
    CancellationToken stopping) : IResult
{
    private const int BatchSize = 100;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = ListFormat.Events.MediaType;
        Answer.AddCacheHeaders(httpContext.Response);
        httpContext.Response.Headers["X-Accel-Buffering"] = "no";
        if (HttpMethods.IsHead(httpContext.Request.Method))
        {
            return;
        }

        await using var caller = callers.Begin(httpContext, stopping);
        Meters.FeedReaders.Add(1);
        try
        {
            await SendAllAsync(httpContext, caller);
        }
        catch (OperationCanceledException) when (caller.Stop.IsCancellationRequested)
        {
            // The reader has gone or may not read any more, or the server stops; it goes on from the last id it has.
        }
        finally
        {
            Meters.FeedReaders.Add(-1);
        }
    }

    private async Task SendAllAsync(HttpContext http, WatchedCaller caller)
    {
        var stop = caller.Stop;
        await http.Response.Body.FlushAsync(stop);
        var next = query with { PageSize = BatchSize, Wait = heartbeatEvery };
        while (true)
        {
            var batch = await feed.ReadAsync(next, stop, stop);
            if (!await caller.MayGoOnAsync())
            {
                return;
            }

            var shown = await display.ForAsync(http, batch.Entries.Select(entry => entry.Order));
            using var text = new PooledBuffer(1024 * (batch.Entries.Count + 1));
            foreach (var entry in batch.Entries)
            {
                text.WriteAscii(
                    $"id: {FeedToken.Make(entry.Position)}\nevent: {EventTypes.Of(entry.Step.Revision.Kind)}\n");
                text.Write("data: "u8);
                EventDocument.Write(entry, shown, text);
                text.Write("\n\n"u8);
            }

            if (batch.Entries.Count == 0)
            {
                // A sign of life, and an id without an event: a reader of rare types goes on from here, too.
                text.WriteAscii($": nothing new\nid: {FeedToken.Make(batch.Last)}\n\n");
            }

            await http.Response.Body.WriteAsync(text.WrittenMemory, stop);
            await http.Response.Body.FlushAsync(stop);
            next = next with { After = batch.Last };
        }
    }
}
