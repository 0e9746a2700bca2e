using System.Text;
using System.Text.Json;
using Orderly.EndToEndTests.Running;

namespace Orderly.EndToEndTests.Work;

/// <summary>What an attempt brought: an answer, or nothing that could be understood (status 0).</summary>
internal sealed record Attempt(int Status, JsonElement Body, bool IsReplay, TimeSpan? RetryAfter)
{
    /// <summary>What came instead of an answer.</summary>
    public string? Failure { get; private init; }

    /// <summary>The body as it came.</summary>
    public byte[] Bytes { get; init; } = [];

    public static Attempt Lost(Exception exception) => new(0, default, IsReplay: false, RetryAfter: null)
    {
        Failure = $"{exception.GetType().Name}: {exception.Message}",
    };

    public void ShouldHaveStatus(int expected) => Status.ShouldBe(expected, Failure ?? Body.ToString());

    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>The problem's code where it is one.</summary>
    public string? Code => Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty("code", out var code)
        ? code.GetString() : null;

    /// <summary>Whether the answer leaves open what became of the request.</summary>
    public bool IsOpen => Status is 0 or 503 || (Status == 409 && Code == "idempotency-in-flight");
}

/// <summary>Sends single requests to one of the servers.</summary>
internal sealed class OrderlyClient : IDisposable
{
    /// <summary>For a server that is well, on a machine that may be busy.</summary>
    public const int TimeoutSecondsDefault = 30;

    /// <summary>Where servers fail on purpose, and what got no answer is sent again.</summary>
    public const int TimeoutSecondsAmongFaults = 5;

    private readonly HttpClient _http;

    /// <param name="bug">What stands in the server's place and falsifies what it does; null: nothing.</param>
    /// <param name="timeoutSeconds">How long it waits for an answer.</param>
    public OrderlyClient(
        Uri address, Func<HttpMessageHandler, DelegatingHandler>? bug, int timeoutSeconds = TimeoutSecondsDefault)
    {
        var sockets = new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, UseProxy = false };
        _http = new HttpClient(bug is null ? sockets : bug(sockets))
        {
            BaseAddress = address,
            Timeout = TimeSpan.FromSeconds(timeoutSeconds),
        };
        _http.DefaultRequestHeaders.Add("X-Api-Key", ServerProcess.Key);
    }

    public Task<Attempt> GetAsync(string path) => SendAsync(HttpMethod.Get, path, json: null);

    public async Task<Attempt> SendAsync(
        HttpMethod method, string path, string? json, params (string Name, string? Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8,
                method == HttpMethod.Patch ? "application/merge-patch+json" : "application/json");
        }

        foreach (var (name, value) in headers.Where(header => header.Value is not null))
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content!.Headers.Remove(name);
                request.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        try
        {
            using var response = await _http.SendAsync(request);
            var bytes = await response.Content.ReadAsByteArrayAsync();
            return new Attempt(
                (int)response.StatusCode,
                bytes.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(bytes),
                response.Headers.Contains("Idempotent-Replayed"),
                response.Headers.RetryAfter?.Delta)
            {
                Bytes = bytes,
            };
        }
        catch (Exception exception) when (exception is HttpRequestException or System.Net.Sockets.SocketException
            or TaskCanceledException or IOException
            or JsonException)
        {
            return Attempt.Lost(exception);
        }
    }

    /// <summary>An answer whose body is still to come.</summary>
    public async Task<HttpResponseMessage> OpenAsync(string path, string? accept, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
    }

    public void Dispose() => _http.Dispose();
}
