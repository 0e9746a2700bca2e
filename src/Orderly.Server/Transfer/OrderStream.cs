using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Orderly.Server.Access;
using Orderly.Server.Http;
using Orderly.Server.Http.Edge;
using Orderly.Server.Observability;
using Orderly.Server.Orders;

namespace Orderly.Server.Transfer;

/// <summary>200: all orders that fit, as NDJSON or CSV, while they are read.</summary>
/// <remarks>
/// <code>
///   cursor ──2,000 rows──► one row after the other ──64 KiB──► the reader takes it ──► the next
///                                   │                                 │ takes nothing for StallSeconds, gone,
///                                   │                                 │ or may not have it any more
///                                   └── a fault ──────────────────────┴──► the connection is cut: half a stream never
///                                                                          looks like a whole one
/// </code>
/// </remarks>
internal sealed class OrderStream(
    OrderStreamQuery query, OrderStreamStore orders, OrderDisplay display, CallerWatch callers, SharedPlaces? places,
    TimeProvider time, ILogger<OrderStream> log) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        RequestFacts.Of(httpContext).MayTakeLong = true;
        Meters.Streams.Add(1);
        try
        {
            var response = httpContext.Response;
            response.StatusCode = StatusCodes.Status200OK;
            response.ContentType = query.Format == ListFormat.Csv
                ? query.Format.MediaType + "; charset=utf-8"
                : query.Format.MediaType;
            Answer.AddCacheHeaders(response);
            response.Headers.Vary = "X-Api-Key, Authorization, Accept";
            response.Headers["X-Accel-Buffering"] = "no";
            if (query.Format == ListFormat.Csv)
            {
                response.Headers.ContentDisposition = "attachment; filename=\"orders.csv\"";
            }

            if (!HttpMethods.IsHead(httpContext.Request.Method))
            {
                await SendAsync(httpContext);
            }
        }
        finally
        {
            places?.GiveBack(Caller.Of(httpContext).KeyId);
            Meters.Streams.Add(-1);
        }
    }

    private async Task SendAsync(HttpContext http)
    {
        using var tooLong = new CancellationTokenSource(TimeSpan.FromMinutes(StreamLimits.StreamMinutesMax), time);
        await using var caller = callers.Begin(http, tooLong.Token);
        LiftRateMin(http);
        try
        {
            using var output = new PacedOutput(
                http.Response.BodyWriter, TakenBytes.CounterFor(http), TimeSpan.FromSeconds(StreamLimits.StallSeconds),
                time, caller.Stop);
            await SendShownAsync(http, output, caller.Stop);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException
            && (http.Response.HasStarted || caller.HasLapsed))
        {
            if (!http.RequestAborted.IsCancellationRequested)
            {
                Meters.StreamsCut.Add(1);
            }

            if (!http.RequestAborted.IsCancellationRequested && !caller.HasLapsed)
            {
                LogEvents.StreamCutOff(log, StreamLimits.StallSeconds, StreamLimits.StreamMinutesMax);
            }

            http.Abort();
        }
    }

    /// <summary>Kestrel takes a piece that waits behind megabytes in the socket for one that is not read.</summary>
    private static void LiftRateMin(HttpContext http) =>
        http.Features.Get<IHttpMinResponseDataRateFeature>()?.MinDataRate = null;

    private async Task SendShownAsync(HttpContext http, PacedOutput output, CancellationToken stop)
    {
        var (shown, recorded) = await display.ForStreamAsync(http, query.Fields);
        try
        {
            await SendRowsAsync(output, shown, recorded, RequestFacts.Of(http), stop);
        }
        finally
        {
            if (recorded is not null)
            {
                await recorded.EndAsync();
            }
        }
    }

    private async Task SendRowsAsync(
        PacedOutput output, Display shown, RevealedStream? recorded, RequestFacts facts, CancellationToken stop)
    {
        var write = WriterOfRows(shown, output.Rows);
        facts.Rows = 0;
        try
        {
            await foreach (var order in orders.ReadAllAsync(query.Filter, query.Sort, stop))
            {
                recorded?.Add(order);
                write(order, output.Rows);
                facts.Rows++;
                await output.SendFullAsync();
            }

            await output.SendAsync();
        }
        finally
        {
            facts.Bytes = output.SentBytes;
            Meters.StreamedRows.Add(facts.Rows.Value);
        }
    }

    private Action<StoredOrder, PooledBuffer> WriterOfRows(Display shown, PooledBuffer output)
    {
        if (query.Format == ListFormat.Csv)
        {
            var rows = new CsvOrders(query.Fields, query.IsRowPerOrder, shown);
            rows.WriteHeader(output);
            return rows.Write;
        }

        var writeOrder = FieldSelection.Apply<StoredOrder>(
            query.Fields, (row, body) => OrderDocument.Write(row, shown, body));
        return (order, body) =>
        {
            writeOrder(order, body);
            body.Write("\n"u8);
        };
    }
}
