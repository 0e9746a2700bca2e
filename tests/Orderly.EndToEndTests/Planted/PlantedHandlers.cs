using System.Collections.Concurrent;
using System.Net;

namespace Orderly.EndToEndTests.Planted;

/// <summary>What is kept of an answer, so that it can be given again.</summary>
internal sealed record KeptAnswer(HttpStatusCode Status, byte[] Body)
{
    public static async Task<KeptAnswer> OfAsync(HttpResponseMessage response) =>
        new(response.StatusCode, await response.Content.ReadAsByteArrayAsync());

    public HttpResponseMessage Give(bool isReplay)
    {
        var response = new HttpResponseMessage(Status) { Content = new ByteArrayContent(Body) };
        if (isReplay)
        {
            response.Headers.Add("Idempotent-Replayed", "true");
        }

        return response;
    }
}

/// <summary>
/// Looks whether the key was used, does the request, then notes the key: three steps, nothing around them.
/// </summary>
internal sealed class ChecksThenActs(HttpMessageHandler server) : DelegatingHandler(server)
{
    private const string Header = "Idempotency-Key";

    private readonly ConcurrentDictionary<string, KeptAnswer> _answers = new(StringComparer.Ordinal);

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.RequestUri!.AbsolutePath != "/orders" || !request.Headers.TryGetValues(Header, out var keys))
        {
            return await base.SendAsync(request, cancellationToken);
        }

        var key = keys.Single();
        if (_answers.TryGetValue(key, out var known))
        {
            return known.Give(isReplay: true);
        }

        request.Headers.Remove(Header);
        var response = await base.SendAsync(request, cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            _answers[key] = await KeptAnswer.OfAsync(response);
        }

        return response;
    }
}

/// <summary>An UPDATE without the version in its condition: what the caller knew does not matter.</summary>
internal sealed class ForgetsTheVersion(HttpMessageHandler server) : DelegatingHandler(server)
{
    protected override Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.Remove("If-Match");
        return base.SendAsync(request, cancellationToken);
    }
}

/// <summary>A request that is repeated gets the answer that somebody else got.</summary>
internal sealed class RepeatsAnotherAnswer(HttpMessageHandler server) : DelegatingHandler(server)
{
    private KeptAnswer? _last;

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (request.RequestUri!.AbsolutePath != "/orders" || response.StatusCode != HttpStatusCode.Created)
        {
            return response;
        }

        if (response.Headers.Contains("Idempotent-Replayed") && _last is { } other)
        {
            return other.Give(isReplay: true);
        }

        _last = await KeptAnswer.OfAsync(response);
        return response;
    }
}

/// <summary>Reads come from a copy that is a little behind.</summary>
internal sealed class ReadsACopyThatIsBehind(HttpMessageHandler server) : DelegatingHandler(server)
{
    private readonly ConcurrentDictionary<string, KeptAnswer> _copies = new(StringComparer.Ordinal);

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.AbsolutePath;
        var isOrder = request.Method == HttpMethod.Get && path.Count(letter => letter == '/') == 2;
        if (isOrder && _copies.TryRemove(path, out var copy))
        {
            return copy.Give(isReplay: false);
        }

        var response = await base.SendAsync(request, cancellationToken);
        if (isOrder && response.IsSuccessStatusCode)
        {
            _copies[path] = await KeptAnswer.OfAsync(response);
        }

        return response;
    }
}
