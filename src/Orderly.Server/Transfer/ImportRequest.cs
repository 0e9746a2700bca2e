using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Changes;
using Orderly.Server.Configuration;
using Orderly.Server.Http;
using Orderly.Server.Observability;

namespace Orderly.Server.Transfer;

/// <summary>Runs an import as its request asks for it, within the limits of imports.</summary>
internal sealed class ImportRequest(
    ImportOrders import, EdgeSettings settings, CallerWatch callers, IHostApplicationLifetime host, TimeProvider time)
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

    private readonly SharedPlaces _places = new(StreamLimits.ImportsMax, time);

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

        var keyId = Caller.Of(http).KeyId;
        if (!await _places.TakeAsync(keyId, http.RequestAborted))
        {
            Meters.Overloads.Add(1, Meters.Label("reason", "no-import-place"));
            return _places.Refusal("imports");
        }

        Meters.Imports.Add(1);
        try
        {
            RequestFacts.Of(http).MayTakeLong = true;
            using var tooLong = new CancellationTokenSource(TimeSpan.FromMinutes(StreamLimits.ImportMinutesMax), time);
            using var stopping = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
            using var told = host.ApplicationStopping.Register(
                () => stopping.CancelAfter(TimeSpan.FromSeconds(StreamLimits.ImportStopSeconds)));
            http.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
            http.Features.Get<IHttpMinRequestBodyDataRateFeature>()?.MinDataRate = null; // slow is well, but not still
            await using var caller = callers.Begin(http, CancellationToken.None);
            var stall = TimeSpan.FromSeconds(settings.ImportStallSeconds);
            var body = new PacedInput(
                http.Request.BodyReader, stall, time, caller, tooLong.Token, stopping.Token);
            return await RunAsync(http, body, format, isEach, isDryRun);
        }
        finally
        {
            _places.GiveBack(keyId);
            Meters.Imports.Add(-1);
        }
    }

    private async Task<Result<ImportTally>> RunAsync(
        HttpContext http, PacedInput body, ListFormat format, bool isEach, bool isDryRun)
    {
        var stop = http.RequestAborted;
        if ((await ImportReader.StartAsync(body, format, stop)).IsRefused(out var unreadable, out var reader))
        {
            return unreadable;
        }

        var result = await import.RunAsync(reader, Caller.Of(http), isEach, isDryRun, stop);
        if (result.IsRefused(out var problem, out var tally))
        {
            return problem;
        }

        RequestFacts.Of(http).Rows = tally.Received;
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
