using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Orderly.Server.Configuration;

namespace Orderly.Server.Http.Edge;

/// <summary>Where the service meets its callers: addresses, HTTPS, proxies, and how long a request may take.</summary>
internal static class EdgeSetup
{
    public const int RequestHeadersSizeMaxBytes = 32 * 1024;
    public const int RequestHeadersMax = 100;
    public const int RequestLineSizeMaxBytes = 8 * 1024;

    /// <summary>
    /// A body past <see cref="JsonBody.LengthMaxBytes"/> is refused. The rest of it is still read and thrown away up to
    /// here: a caller whose connection is cut while it sends never sees the refusal.
    /// </summary>
    private const int DrainedBodySizeMaxBytes = 64 * 1024 * 1024;
    private const int BodyGraceSeconds = 5;
    private const int StrictTransportDays = 365;

    public static void AddEdge(this WebApplicationBuilder builder, EdgeSettings settings, string urls)
    {
        var services = builder.Services;
        services.AddSingleton(settings);
        services.AddHsts(hsts => hsts.MaxAge = TimeSpan.FromDays(StrictTransportDays));
        services.AddHostedService<UnreadableMessages>();
        services.AddSingleton<GracefulStop>();
        services.AddHostedService(provider => provider.GetRequiredService<GracefulStop>());
        services.AddOptions<SocketTransportOptions>().Configure<GracefulStop>(
            (sockets, graceful) => sockets.CreateBoundListenSocket = graceful.Listen);
        if (settings.Tls is { } tls)
        {
            services.AddSingleton(tls);
            services.AddSingleton<ServedCertificate>();
            services.AddHostedService(provider => provider.GetRequiredService<ServedCertificate>());
        }

        // The addresses are given to Kestrel below. A list without any, for where there is nothing at all the host
        // looks for others.
        builder.Configuration.AddInMemoryCollection([new(WebHostDefaults.ServerUrlsKey, ";")]);
        builder.WebHost.ConfigureKestrel(kestrel => Limit(kestrel, settings))
            // Nothing here blocks a thread, so a request goes on where its bytes arrived.
            .UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        services.AddOptions<KestrelServerOptions>().Configure<IServiceProvider>((kestrel, provider) =>
            Listen(kestrel, urls, provider.GetRequiredService<GracefulStop>(),
                provider.GetService<ServedCertificate>()));
    }

    /// <summary>Comes first: who is told of as the caller, and by which scheme, holds for all that follows.</summary>
    public static void UseEdge(this WebApplication app)
    {
        var settings = app.Services.GetRequiredService<EdgeSettings>();
        if (settings.KnownProxies.Count > 0)
        {
            app.UseForwardedHeaders(TakeWordOf(settings.KnownProxies));
        }

        app.UseHsts();
        app.Use(TakeMethodAsSpelled);
        app.Use(app.Services.GetRequiredService<GracefulStop>().SayAsync);
    }

    /// <summary>
    /// A method is case-sensitive (RFC 9110, 9.1). To the router it is not: it took head for HEAD, whose answer has no
    /// body, and Kestrel did not. In quotes it is one that nothing here knows.
    /// </summary>
    private static Task TakeMethodAsSpelled(HttpContext http, RequestDelegate next)
    {
        var method = http.Request.Method;
        if (!string.Equals(HttpMethods.GetCanonicalizedValue(method), method, StringComparison.Ordinal))
        {
            http.Request.Method = $"'{method}'";
        }

        return next(http);
    }

    private static void Limit(KestrelServerOptions kestrel, EdgeSettings settings)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = DrainedBodySizeMaxBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = RequestHeadersSizeMaxBytes;
        kestrel.Limits.MaxRequestHeaderCount = RequestHeadersMax;
        kestrel.Limits.MaxRequestLineSize = RequestLineSizeMaxBytes;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(settings.HeadersTimeoutSeconds);
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(
            settings.BodyBytesPerSecondMin, TimeSpan.FromSeconds(BodyGraceSeconds));
    }

    private static void Listen(
        KestrelServerOptions kestrel, string urls, GracefulStop graceful, ServedCertificate? certificate)
    {
        foreach (var url in ServerSettings.Addresses(urls))
        {
            var address = BindingAddress.Parse(url);
            if (address.IsUnixPipe)
            {
                kestrel.ListenUnixSocket(address.UnixPipePath, Serve);
            }
            else if (string.Equals(address.Host, "localhost", StringComparison.OrdinalIgnoreCase))
            {
                kestrel.ListenLocalhost(address.Port, Serve);
            }
            else if (IPAddress.TryParse(address.Host, out var ip))
            {
                kestrel.Listen(ip, address.Port, Serve);
            }
            else
            {
                kestrel.ListenAnyIP(address.Port, Serve); // a name is not looked up: *, + and all others are alike
            }

            void Serve(ListenOptions listen)
            {
                graceful.Count(listen);
                if (string.Equals(address.Scheme, Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase))
                {
                    listen.UseHttps(certificate!.ToHandshakes());
                }

                // Behind HTTPS, so that it sees what is not encrypted.
                listen.Use(LastBody.Attach);
            }
        }
    }

    /// <summary>
    /// From the right, hop by hop, as long as the one who says so is a known proxy: the first that is not is the
    /// caller, whatever it claims to have come from.
    /// </summary>
    private static ForwardedHeadersOptions TakeWordOf(IReadOnlyList<System.Net.IPNetwork> proxies)
    {
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            ForwardLimit = null, // the size of all headers is limited
        };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var network in proxies)
        {
            options.KnownIPNetworks.Add(network);
        }

        return options;
    }
}
