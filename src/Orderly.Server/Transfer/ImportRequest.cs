using Microsoft.AspNetCore.Http.Features;
using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Changes;
using Orderly.Server.Http;
using Orderly.Server.Observability;

namespace Orderly.Server.Transfer;

/// <summary>Runs an import as its request asks for it, within the limits of imports.</summary>
internal sealed class ImportRequest(ImportOrders import, TimeProvider time)
{
    private const string Atomic = "atomic";
    private const string Each = "each";
    private static readonly string[] Modes = [Atomic, Each];
    private static readonly ListFormat[] Formats = [ListFormat.NdJson, ListFormat.Csv];

    public static readonly TakesParameter Mode =
        new("mode", "string", "All rows or none, or each row that can be stored.")
        {
            Values = Modes, DefaultText = Atomic,
        };

    private readonly Places _places = new(StreamLimits.ImportsMax);

    public async Task<Result<ImportTally>> RunAsync(HttpContext http)
    {
        if (CheckMediaType(http.Request).IsRefused(out var unsupported, out var format))
        {
            return unsupported;
        }

        var query = QueryInput.Read(http.Request, Mode.Name, Described.DryRun.Name);
        var isEach = string.Equals(query.Choice(Mode.Name, Modes), Each, StringComparison.Ordinal);
        var isDryRun = query.Bool(Described.DryRun.Name) ?? false;
        if (http.Request.Headers.ContainsKey(IdempotencyClaim.Header))
        {
            query.Faults.AddParameter(ProblemCode.InvalidIdempotencyKey, IdempotencyClaim.Header,
                "An import takes no key: orders with a reference are not placed twice.");
        }

        if (query.ToProblem() is { } unreadable)
        {
            return unreadable;
        }

        if (!_places.TryTake())
        {
            Meters.Overloads.Add(1, Meters.Label("reason", "no-import-place"));
            return new Problem(ProblemCode.Overloaded,
                $"{_places.Count} imports are running already; try again later.");
        }

        Meters.Imports.Add(1);
        RequestFacts.Of(http).MayTakeLong = true;
        using var tooLong = new CancellationTokenSource(TimeSpan.FromMinutes(StreamLimits.ImportMinutesMax), time);
        http.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, tooLong.Token);
            return await RunAsync(http, format, isEach, isDryRun, stop.Token);
        }
        catch (OperationCanceledException) when (tooLong.IsCancellationRequested)
        {
            return new Problem(ProblemCode.RequestTimeout,
                $"An import may take {StreamLimits.ImportMinutesMax} minutes; send it in parts.");
        }
        finally
        {
            _places.GiveBack();
            Meters.Imports.Add(-1);
        }
    }

    private async Task<Result<ImportTally>> RunAsync(
        HttpContext http, ListFormat format, bool isEach, bool isDryRun, CancellationToken stop)
    {
        var caller = Caller.Of(http);
        if ((await ImportReader.StartAsync(http.Request, format, stop)).IsRefused(out var unreadable, out var reader))
        {
            return unreadable;
        }

        var result = isEach && !isDryRun
            ? await import.RunEachAsync(reader, caller, stop)
            : await import.RunWholeAsync(reader, caller, isDryRun, stop);
        if (result.IsRefused(out var problem, out var tally))
        {
            return problem;
        }

        RequestFacts.Of(http).Rows = tally.Received;
        Meters.ImportedRows.Add(tally.Received, Meters.Label("outcome", "received"));
        Meters.ImportedRows.Add(tally.Created, Meters.Label("outcome", "created"));
        Meters.ImportedRows.Add(tally.Refused, Meters.Label("outcome", "refused"));
        return !isEach && tally.Refused > 0 ? tally.ToProblem() : tally;
    }

    private static Result<ListFormat> CheckMediaType(HttpRequest request)
    {
        if (Array.Find(Formats, format => JsonBody.CheckMediaType(request, format.MediaType) is null) is { } taken)
        {
            return taken;
        }

        var expected = string.Join(", ", Formats.Select(format => format.MediaType));
        return new Problem(ProblemCode.UnsupportedMediaType,
            $"An import is {expected}, in UTF-8 and not compressed; say which in Content-Type.")
        {
            Headers = [new("Accept", expected)],
        };
    }
}
