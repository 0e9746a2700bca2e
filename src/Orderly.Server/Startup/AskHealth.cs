using Orderly.Server.Configuration;

namespace Orderly.Server.Startup;

/// <summary>
/// The command <c>health</c>: asks the service that runs on this machine, for probes where there is no other program
/// that could ask.
/// </summary>
internal static class AskHealth
{
    private const int TimeoutSeconds = 5;
    private const string ReadyPath = "/health/ready";

    /// <summary>Tells what the service answers. False: it is not ready, or not there.</summary>
    /// <exception cref="SettingsException">There is no address that could be asked.</exception>
    public static async Task<bool> RunAsync(string urls, TextWriter output)
    {
        using var handler = new HttpClientHandler
        {
            UseProxy = false, AllowAutoRedirect = false, CheckCertificateRevocationList = true,
        };
        using var http = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(TimeoutSeconds) };
        try
        {
            using var answer = await http.GetAsync(Find(urls));
            await output.WriteLineAsync(await answer.Content.ReadAsStringAsync());
            return answer.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            await output.WriteLineAsync($"No answer: {exception.Message}");
            return false;
        }
    }

    /// <summary>
    /// Where to ask from this machine: a plain address if there is one, since a certificate is made out to the name
    /// that others call.
    /// </summary>
    public static Uri Find(string urls)
    {
        var addresses = ServerSettings.Addresses(urls)
            .Select(BindingAddress.Parse).Where(address => !address.IsUnixPipe && !address.IsNamedPipe)
            .OrderByDescending(address => string.Equals(address.Scheme, "http", StringComparison.OrdinalIgnoreCase));
        if (addresses.FirstOrDefault() is not { } found)
        {
            throw new SettingsException("health asks over TCP: name an address with --urls.");
        }

        var host = found.Host switch
        {
            "*" or "+" or "0.0.0.0" => "127.0.0.1",
            "[::]" => "[::1]",
            var name => name,
        };
        return new UriBuilder(found.Scheme, host, found.Port, ReadyPath).Uri;
    }
}
