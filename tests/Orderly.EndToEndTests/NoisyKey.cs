using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Orderly.EndToEndTests.Running;

namespace Orderly.EndToEndTests;

/// <summary>What a key had to wait for its reads, alone and while another asked for far more than its quota.</summary>
/// <param name="Ratios">The second p99 over the first, one a round.</param>
internal sealed record NoiseResult(
    double AloneMilliseconds, double BesideMilliseconds, IReadOnlyList<double> Ratios, int NoisyAsked, int NoisyServed,
    int NoisyQuota, int Failures)
{
    /// <summary>The middle one of the rounds.</summary>
    public double Ratio => Ratios.Order().ElementAt(Ratios.Count / 2);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"p99 of a quiet key: {AloneMilliseconds:0.00} ms alone, {BesideMilliseconds:0.00} ms beside a noisy one "
        + $"(medians); × {Ratio:0.00} (rounds: {string.Join(", ", Ratios.Select(ratio => $"{ratio:0.00}"))}). "
        + $"The noisy key asked {NoisyAsked} times and was served {NoisyServed} times; its quota was {NoisyQuota}. "
        + $"Answers that should not be: {Failures}");
}

/// <summary>Measures whether a key that asks for 50 times its quota makes another one wait.</summary>
internal static class NoisyKey
{
    /// <summary>Of a window of a second.</summary>
    private const int NoisyQuotaPerSecond = 20;
    private const int NoisyTimes = 50;
    private const int QuietPerSecond = 200;
    private const int WarmUpSeconds = 2;

    public static async Task<NoiseResult> MeasureAsync(int rounds, int seconds)
    {
        await using var server = await LoneServer.StartAsync(("Orderly__SampleData", "true"));
        using var administrator = Client(server.Address, ServerProcess.Key);
        using var quiet = Client(server.Address, await KeyAsync(administrator, "quiet", null));
        using var noisy = Client(server.Address, await KeyAsync(administrator, "noisy", NoisyQuotaPerSecond));
        var list = JsonSerializer.Deserialize<JsonElement>(await administrator.GetStringAsync("/orders?limit=1"));
        var path = "/orders/" + list.GetProperty("data")[0].GetProperty("id").GetString();

        const int NoisyPerSecond = NoisyQuotaPerSecond * NoisyTimes;
        await Task.WhenAll(
            AskAsync(quiet, path, QuietPerSecond, WarmUpSeconds), AskAsync(noisy, path, NoisyPerSecond, WarmUpSeconds));
        var (alone, beside) = (new List<double>(), new List<double>());
        var (asked, served, failures) = (0, 0, 0);
        for (var round = 0; round < rounds; round++)
        {
            var calm = await AskAsync(quiet, path, QuietPerSecond, seconds);
            var both = await Task.WhenAll(
                AskAsync(quiet, path, QuietPerSecond, seconds), AskAsync(noisy, path, NoisyPerSecond, seconds));
            var (disturbed, loud) = (both[0], both[1]);
            alone.Add(P99(calm));
            beside.Add(P99(disturbed));
            asked += loud.Count;
            served += loud.Count(one => one.Status == HttpStatusCode.OK);
            failures += calm.Concat(disturbed).Count(one => one.Status != HttpStatusCode.OK)
                + loud.Count(one => one.Status is not (HttpStatusCode.OK or HttpStatusCode.TooManyRequests));
        }

        return new NoiseResult(
            alone.Order().ElementAt(rounds / 2), beside.Order().ElementAt(rounds / 2),
            [.. alone.Zip(beside, (before, with) => with / before)], asked, served,
            rounds * (seconds + 1) * NoisyQuotaPerSecond, failures);
    }

    /// <summary>Asks at a steady pace, whether or not answers have come.</summary>
    private static async Task<List<(HttpStatusCode Status, double Milliseconds)>> AskAsync(
        HttpClient client, string path, int perSecond, int seconds)
    {
        var asked = new List<Task<(HttpStatusCode, double)>>(perSecond * seconds);
        var began = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (asked.Count < perSecond * seconds && await timer.WaitForNextTickAsync())
        {
            var due = Math.Min((int)(Stopwatch.GetElapsedTime(began).TotalSeconds * perSecond), perSecond * seconds);
            while (asked.Count < due)
            {
                asked.Add(AskOnceAsync(client, path));
            }
        }

        return [.. await Task.WhenAll(asked)];
    }

    private static async Task<(HttpStatusCode, double)> AskOnceAsync(HttpClient client, string path)
    {
        var began = Stopwatch.GetTimestamp();
        using var answer = await client.GetAsync(path);
        return (answer.StatusCode, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
    }

    private static double P99(List<(HttpStatusCode Status, double Milliseconds)> answers) =>
        answers.Select(answer => answer.Milliseconds).Order().ElementAt(answers.Count * 99 / 100);

    private static HttpClient Client(Uri address, string key) =>
        new() { BaseAddress = address, DefaultRequestHeaders = { { "X-Api-Key", key } } };

    private static async Task<string> KeyAsync(HttpClient administrator, string name, int? readsPerSecond)
    {
        var limit = readsPerSecond is { } quota
            ? $$$""", "rateLimit": {"reads": {"quota": {{{quota}}}, "windowSeconds": 1}}"""
            : "";
        using var body = new StringContent(
            $$"""{"name": "{{name}}", "role": "viewer", "reach": "all"{{limit}}}""", Encoding.UTF8, "application/json");
        using var answer = await administrator.PostAsync("/keys", body);
        answer.EnsureSuccessStatusCode();
        var made = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync());
        return made.GetProperty("key").GetString()!;
    }
}
