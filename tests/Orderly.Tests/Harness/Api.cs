using System.Net.Http.Headers;
using System.Net.Security;
using System.Text;

namespace Orderly.Tests.Harness;

/// <summary>A caller of the API with a key, over a real connection.</summary>
public sealed class Api : IDisposable
{
    private readonly HttpClient _http;
    private readonly string? _key;

    /// <param name="tls">How HTTPS is spoken; null: as the machine would.</param>
    public Api(Uri address, string? key, SslClientAuthenticationOptions? tls = null)
    {
        _key = key;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false, UseCookies = false, SslOptions = tls ?? new SslClientAuthenticationOptions(),
        })
        {
            BaseAddress = address,
        };
    }

    public Task<Reply> GetAsync(string path, params (string, string)[] headers) =>
        SendAsync(HttpMethod.Get, path, json: null, headers);

    public Task<Reply> HeadAsync(string path, params (string, string)[] headers) =>
        SendAsync(HttpMethod.Head, path, json: null, headers);

    public Task<Reply> PostAsync(string path, string json, params (string, string)[] headers) =>
        SendAsync(HttpMethod.Post, path, json, headers);

    public Task<Reply> PutAsync(string path, string json, params (string, string)[] headers) =>
        SendAsync(HttpMethod.Put, path, json, headers);

    /// <summary>A merge patch.</summary>
    public Task<Reply> PatchAsync(string path, string json, params (string, string)[] headers) =>
        SendAsync(HttpMethod.Patch, path, json, [("Content-Type", "application/merge-patch+json"), .. headers]);

    public Task<Reply> DeleteAsync(string path, params (string, string)[] headers) =>
        SendAsync(HttpMethod.Delete, path, json: null, headers);

    /// <summary>
    /// Sends text as JSON unless a Content-Type among the headers says otherwise; an empty one is left out.
    /// </summary>
    public Task<Reply> SendAsync(HttpMethod method, string path, string? json, params (string, string)[] headers) =>
        SendAsync(method, path, json is null ? null : new ByteArrayContent(Encoding.UTF8.GetBytes(json)), headers);

    public async Task<Reply> SendAsync(
        HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        var stop = TestContext.Current.CancellationToken;
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (_key is not null && !Array.Exists(headers, header => header.Name is "X-Api-Key" or "Authorization"))
        {
            request.Headers.Add("X-Api-Key", _key);
        }

        if (content is not null && content.Headers.ContentType is null)
        {
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        foreach (var (name, value) in headers)
        {
            Add(request, name, value);
        }

        using var response = await _http.SendAsync(request, stop);
        return new Reply(
            $"{method} {path}", (int)response.StatusCode,
            response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated).ToLookup(
                header => header.Key, header => header.Value.ToArray(), StringComparer.OrdinalIgnoreCase),
            await response.Content.ReadAsByteArrayAsync(stop));
    }

    /// <summary>Places an order and returns its id.</summary>
    public async Task<string> PlaceAsync(string? json = null) =>
        (await PostAsync("/orders", json ?? AnOrder.Least)).ShouldBe(201).Id;

    public void Dispose() => _http.Dispose();

    private static void Add(HttpRequestMessage request, string name, string value)
    {
        if (!string.Equals(name, "Content-Type", StringComparison.OrdinalIgnoreCase)
            && !string.Equals(name, "Content-Encoding", StringComparison.OrdinalIgnoreCase))
        {
            request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
            return;
        }

        request.Content!.Headers.Remove(name);
        if (value.Length > 0)
        {
            request.Content.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
        }
    }
}
