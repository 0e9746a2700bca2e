using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Orderly.EndToEndTests.Running;

namespace Orderly.EndToEndTests.Fuzzing;

/// <summary>How much is asked, and how.</summary>
internal sealed record FuzzOptions
{
    public int Requests { get; init; } = 100_000;
    public int Seed { get; init; } = 1;
    public int Connections { get; init; } = 8;
    public int ViolationsMax { get; init; } = 20;
    public Action<string> Report { get; init; } = _ => { };
}

/// <summary>What a run came to.</summary>
/// <param name="Statuses">How often each operation answered with each status.</param>
internal sealed record FuzzResult(
    IReadOnlyList<string> Violations, IReadOnlyDictionary<(string Operation, int Status), int> Statuses,
    string Summary);

/// <summary>Sends requests made from the server's own description, and holds the answers against it.</summary>
internal sealed class Fuzzer : IDisposable
{
    private const int AnswerTimeoutSeconds = 20;
    private const int PlaceWaitsMax = 20;

    /// <summary>Records that orders name; no request is to retire them, or soon no order could be placed.</summary>
    private static readonly string[] Lines = ["deep-clean", "window-clean"];

    private readonly FuzzOptions _options;
    private readonly Uri _address;
    private readonly RequestMaker _maker;
    private readonly AnswerRules _rules;
    private readonly SeenValues _seen = new();
    private readonly ConcurrentQueue<string> _violations = new();
    private readonly ConcurrentDictionary<string, byte> _told = new();
    private readonly ConcurrentDictionary<(string, int), int> _statuses = new();
    private readonly SemaphoreSlim _importing = new(1);
    private int _next;

    private Fuzzer(FuzzOptions options, Uri address, ApiDescription api)
    {
        _options = options;
        _address = address;
        _rules = new AnswerRules(api);
        _maker = new RequestMaker(api, _seen, ServerProcess.Key, options.Seed);
        foreach (var id in Lines)
        {
            _seen.Add(SeenValues.Line, id);
        }
    }

    public static async Task<FuzzResult> RunAsync(FuzzOptions options)
    {
        options.Report($"seed {options.Seed}: {options.Requests} requests over {options.Connections} connections");
        await using var server = await LoneServer.StartAsync(
            ("Orders__UpdatableAfter", "00:00:00"), ("Orderly__SampleData", "true"));
        var began = Stopwatch.GetTimestamp();
        using var http = new HttpClient { BaseAddress = server.Address };
        using var fuzzer = new Fuzzer(options, server.Address,
            new ApiDescription(await http.GetByteArrayAsync("/openapi/v1.json")));
        await Task.WhenAll(Enumerable.Range(0, options.Connections).Select(_ => fuzzer.WorkAsync()));
        var elapsed = Stopwatch.GetElapsedTime(began);

        // It is still there, unharmed, and has said of no request that it failed.
        (await http.GetAsync("/health/ready")).EnsureSuccessStatusCode();
        foreach (var line in server.LogLines.Where(IsOfFailure))
        {
            fuzzer.Tell("the log tells of a failure", line);
        }

        return fuzzer.Conclude(elapsed);
    }

    public void Dispose() => _importing.Dispose();

    private static bool IsOfFailure(string line) =>
        FuzzAnswer.Parse(System.Text.Encoding.UTF8.GetBytes(line)) is { } entry
        && entry.TryGetProperty("level", out var level)
        && level.GetString() is { } name && name.ToUpperInvariant() is "ERROR" or "CRITICAL" or "FATAL";

    private async Task WorkAsync()
    {
        await using var connection = new FuzzConnection(_address, TimeSpan.FromSeconds(AnswerTimeoutSeconds));
        while (_violations.Count < _options.ViolationsMax
            && Interlocked.Increment(ref _next) is var number && number <= _options.Requests)
        {
            var request = _maker.Make(number);
            var answer = await AskAsync(connection, request);
            var isOfOperation = request.Operation is not null && request.Kind != FuzzKind.Broken;
            _statuses.AddOrUpdate(
                (isOfOperation ? request.Operation!.Name : "elsewhere", answer.Status), 1, (_, count) => count + 1);
            foreach (var violation in _rules.Check(request, answer))
            {
                Tell($"{request.Operation?.Name}: {violation}", request.ToString());
            }

            _seen.Learn(request, answer);
        }
    }

    /// <summary>
    /// Imports have few places, and past them 503 is right: so there is one at a time. Where the one before was broken
    /// off, its place may be free only a moment later; so who is told to come back does, as every caller should.
    /// </summary>
    private async Task<FuzzAnswer> AskAsync(FuzzConnection connection, FuzzRequest request)
    {
        var isImport = request.Target.Contains("import", StringComparison.Ordinal);
        if (isImport)
        {
            await _importing.WaitAsync();
        }

        try
        {
            for (var waited = 0; ; waited++)
            {
                var answer = await connection.ExchangeAsync(
                    request.ToBytes(), request.Method == "HEAD", request.Kind == FuzzKind.Broken);
                if (answer.Status != 503 || !isImport || waited == PlaceWaitsMax
                    || !int.TryParse(answer.Header("Retry-After"), CultureInfo.InvariantCulture, out var seconds))
                {
                    return answer;
                }

                await Task.Delay(TimeSpan.FromSeconds(seconds));
            }
        }
        finally
        {
            if (isImport)
            {
                _importing.Release();
            }
        }
    }

    /// <summary>Of what looks alike only the first is told.</summary>
    private void Tell(string violation, string where)
    {
        var digits = string.Concat(violation.Take(160).Select(letter => char.IsDigit(letter) ? '0' : letter));
        if (!_told.TryAdd(digits, 0))
        {
            return;
        }

        var line = $"{violation}\n    {where}";
        _violations.Enqueue(line);
        _options.Report(line);
    }

    private FuzzResult Conclude(TimeSpan elapsed)
    {
        var all = _statuses.Values.Sum();
        var lines = _statuses.GroupBy(pair => pair.Key.Item1).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => $"  {group.Key}: " + string.Join(", ", group.OrderBy(pair => pair.Key.Item2)
                .Select(pair => $"{pair.Key.Item2} × {pair.Value}")));
        return new FuzzResult([.. _violations], _statuses, string.Create(CultureInfo.InvariantCulture,
            $"{string.Join('\n', lines)}\n{all} requests in {elapsed.TotalSeconds:0} s, seed {_options.Seed}: "
            + $"{_violations.Count} kinds of violations"));
    }
}
