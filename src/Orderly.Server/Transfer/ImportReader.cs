using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Orderly.Contract.Problems;
using Orderly.Server.Http;

namespace Orderly.Server.Transfer;

/// <summary>Reads the orders of an import one after the other, as they arrive.</summary>
internal sealed class ImportReader
{
    private readonly RecordReader _records;
    private readonly CsvImport? _csv;

    private ImportReader(RecordReader records, CsvImport? csv)
    {
        _records = records;
        _csv = csv;
    }

    public static async Task<Result<ImportReader>> StartAsync(
        PipeReader body, ListFormat format, CancellationToken stop)
    {
        var isCsv = format == ListFormat.Csv;
        var records = new RecordReader(body, hasQuotes: isCsv);
        if (!isCsv)
        {
            return new ImportReader(records, csv: null);
        }

        if (await records.ReadAsync(stop) is not { } header)
        {
            return new Problem(ProblemCode.InvalidBody, "The body is empty; CSV begins with a header.");
        }

        return CsvImport.Start(header.Bytes).IsRefused(out var problem, out var csv)
            ? problem
            : new ImportReader(records, csv);
    }

    public async IAsyncEnumerable<ImportRow> ReadAllAsync([EnumeratorCancellation] CancellationToken stop)
    {
        while (await _records.ReadAsync(stop) is { } record)
        {
            if (_csv is null)
            {
                yield return record.Bytes is { } json
                    ? ImportRow.Of(record.Number, json)
                    : ImportRow.TooLong(record.Number);
                continue;
            }

            foreach (var row in _csv.Take(record with { Number = record.Number - 1 })) // the header is no row
            {
                yield return row;
            }
        }

        foreach (var row in _csv?.Finish() ?? [])
        {
            yield return row;
        }
    }
}
