using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;

namespace Orderly.Bench.Load;

/// <summary>Takes all orders as a stream, and sends many to be imported: one request each.</summary>
internal static class OrderTransfers
{
    public const string NdJson = "application/x-ndjson";
    private const int BufferBytes = 256 * 1024;
    private const int ComplaintCharactersMax = 500;

    /// <summary>How many lines came until the stream ended, or the time was over.</summary>
    public static async Task<long> CountLines(HttpClient http, string path, string mediaType, TimeSpan? within = null)
    {
        using var over = within is { } time ? new CancellationTokenSource(time) : new CancellationTokenSource();
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(mediaType));
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, over.Token);
            if (!answer.IsSuccessStatusCode)
                throw new BenchException("A stream was refused: " + Start(await answer.Content.ReadAsStringAsync()));
            await using var body = await answer.Content.ReadAsStreamAsync(over.Token);
            return await CountLines(body, over.Token);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            return 0; // the time was over before the answer began
        }
    }

    /// <summary>How many lines came until it ended, or was to stop.</summary>
    public static async Task<long> CountLines(Stream body, CancellationToken stop)
    {
        var (lines, length, buffer) = (0L, 0, new byte[BufferBytes]);
        try
        {
            while ((length = await body.ReadAsync(buffer, stop)) > 0)
                lines += buffer.AsSpan(0, length).Count((byte)'\n');
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What came until then counts.
        }
        return lines;
    }

    /// <summary>Imports rows, of which every one must be taken.</summary>
    public static async Task Import(HttpClient http, string mode, IEnumerable<ReadOnlyMemory<byte>> rows)
    {
        using var content = new PushedRows(rows);
        using var answer = await http.PostAsync(new Uri("/orders/import?mode=" + mode, UriKind.Relative), content);
        var text = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode || !text.Contains("\"refused\":0", StringComparison.Ordinal))
            throw new BenchException("The import was refused: " + Start(text));
    }

    private static string Start(string text) => text[..Math.Min(text.Length, ComplaintCharactersMax)];

    /// <summary>Rows that are made while they are sent, each with its line end; one is used before the next is made.</summary>
    private sealed class PushedRows : HttpContent
    {
        private readonly IEnumerable<ReadOnlyMemory<byte>> rows;

        public PushedRows(IEnumerable<ReadOnlyMemory<byte>> rows)
        {
            this.rows = rows;
            Headers.ContentType = new MediaTypeHeaderValue(NdJson);
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var buffered = new BufferedStream(stream, BufferBytes); // the stream is not this one's to close
            foreach (var row in rows) await buffered.WriteAsync(row);
            await buffered.FlushAsync();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

/// <summary>A caller that streams or imports, one request after the other, until the time is over.</summary>
internal sealed class TransferCaller(Uri target, string key, int rowsOfImport) : IDisposable
{
    private static readonly TimeSpan RequestTime = TimeSpan.FromMinutes(10);

    private readonly HttpClient http = new()
    {
        BaseAddress = target, Timeout = RequestTime, DefaultRequestHeaders = { { "X-Api-Key", key } },
    };

    private readonly OrderRequests requests = new(target, key, [], 0, 1, OrderRequests.NextRun());

    public async Task<Measurement> Run(Workload workload, TimeSpan warmUp, TimeSpan measured)
    {
        var warm = await Once(workload, warmUp);
        var start = Stopwatch.GetTimestamp();
        var moved = 0L;
        while (Stopwatch.GetElapsedTime(start) is var taken && taken < measured)
            moved += await Once(workload, measured - taken);
        return Measurement.OfTransfer(moved, Stopwatch.GetElapsedTime(start), warm);
    }

    public void Dispose() => http.Dispose();

    private async Task<long> Once(Workload workload, TimeSpan within)
    {
        if (workload == Workload.Stream)
            return await OrderTransfers.CountLines(http, "/orders", OrderTransfers.NdJson, within);
        await OrderTransfers.Import(http, "atomic", Enumerable.Range(0, rowsOfImport).Select(_ => requests.Row()));
        return rowsOfImport;
    }
}
