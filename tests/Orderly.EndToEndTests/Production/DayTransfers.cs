using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Orderly.EndToEndTests.Running;
using Orderly.EndToEndTests.Work;

namespace Orderly.EndToEndTests.Production;

/// <summary>The import and the export of the day, while all others go on.</summary>
internal sealed class DayTransfers(Uri address, DayOptions options, DayLedger ledger) : IDisposable
{
    private const string MarkerPrefix = "import-";
    private const int Fee = 15;

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false })
    {
        BaseAddress = address,
        Timeout = Timeout.InfiniteTimeSpan,
        DefaultRequestHeaders = { { "X-Api-Key", ServerProcess.Key } },
    };

    /// <summary>What was transferred, in words.</summary>
    public IReadOnlyList<string> Notes { get; private set; } = [];

    public static bool IsImported(string? marker) =>
        marker?.StartsWith(MarkerPrefix, StringComparison.Ordinal) == true;

    public async Task RunAsync(CancellationToken stop)
    {
        await Task.WhenAll(ImportAsync(stop), ExportAsync(stop));
    }

    public void Dispose() => _http.Dispose();

    private async Task ImportAsync(CancellationToken stop)
    {
        await Task.Delay(options.ImportAt, stop);
        var began = Stopwatch.GetTimestamp();
        var rows = new StringBuilder();
        for (var i = 0; i < options.ImportRows; i++)
        {
            var marker = string.Create(CultureInfo.InvariantCulture, $"{MarkerPrefix}{i}");
            ledger.Mean(marker, Fee);
            rows.Append(CultureInfo.InvariantCulture, $$$"""
                {"datetime": "2026-11-23T09:30:00Z", "services": ["deep-clean"], "totalfee": {{{Fee}}},
                """).Append(CultureInfo.InvariantCulture, $$$""" "metadata": {"op": "{{{marker}}}"}}""").Append('\n');
        }

        using var content = new StringContent(rows.ToString());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        using var answer = await _http.PostAsync(new Uri("/orders/import?mode=each", UriKind.Relative), content, stop);
        var text = await answer.Content.ReadAsStringAsync(stop);
        var expected = string.Create(CultureInfo.InvariantCulture,
            $"{{\"received\":{options.ImportRows},\"created\":{options.ImportRows},\"refused\":0,\"errors\":[]}}");
        if (text != expected)
        {
            ledger.AddFault(
                $"The import was answered with {(int)answer.StatusCode} {text[..Math.Min(300, text.Length)]}");
        }
        else
        {
            ledger.Imported(options.ImportRows);
        }

        Note($"import: {options.ImportRows} rows", began);
    }

    /// <summary>All orders as lines of JSON: each acknowledged before must be there, as new at least.</summary>
    private async Task ExportAsync(CancellationToken stop)
    {
        await Task.Delay(options.ExportAt, stop);
        var before = ledger.Newest();
        var began = Stopwatch.GetTimestamp();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/orders");
        request.Headers.TryAddWithoutValidation("Accept", "application/x-ndjson");
        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(stop));
        var count = 0;
        while (await lines.ReadLineAsync(stop) is { Length: > 0 } line)
        {
            using var order = JsonDocument.Parse(line);
            if (!order.RootElement.TryGetProperty("id", out var id))
            {
                ledger.AddFault($"The export was answered with {(int)answer.StatusCode} {line}");
                return;
            }

            count++;
            if (before.Remove(id.GetGuid(), out var version) && OrderFactsReader.Version(order.RootElement) < version)
            {
                ledger.AddFault($"The export has {id} older than version {version}, which was acknowledged before");
            }
        }

        if (before.Count > 0)
        {
            ledger.AddFault($"The export lacks {before.Count} orders that were acknowledged before");
        }

        Note($"export: {count} orders", began);
    }

    private void Note(string what, long began) => Notes =
    [
        .. Notes,
        string.Create(CultureInfo.InvariantCulture, $"{what} in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s"),
    ];
}
