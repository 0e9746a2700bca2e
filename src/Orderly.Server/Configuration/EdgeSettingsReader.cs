using System.Net;
using Orderly.Server.Access;
using Orderly.Server.Http;

namespace Orderly.Server.Configuration;

/// <summary>Reads the settings of the service's edge, and refuses what would tell keys to the network.</summary>
internal static class EdgeSettingsReader
{
    public const string NetworksSection = "Proxy:KnownNetworks";
    private const string Plain = "http";
    private const string Encrypted = "https";
    private const int HeadersTimeoutSecondsMax = 600;
    private const int BodyBytesPerSecondMax = 1_000_000;
    private const int ImportStallSecondsMax = 600;
    private const int NetworksMax = 100;

    public static readonly IReadOnlyList<(string Name, string Default, string Meaning)> Known =
    [
        ("Orderly:AllowPlainHttp", "false", "serve http:// beyond this machine, behind a proxy that ends TLS"),
        ("Tls:CertificateFile", "none", "PEM: the certificate of https:// addresses and those above it"),
        ("Tls:KeyFile", "the certificate's file", "PEM: the certificate's private key"),
        ("Tls:KeyPassphrase", "none", "what the private key is encrypted with (_FILE)"),
        ("Tls:ClientCertificates", "none", "certificates of callers: none, allow or require"),
        ("Tls:ClientCaFile", "none", "PEM: the only issuers of callers' certificates"),
        (NetworksSection, "none", "networks of proxies whose X-Forwarded-For and -Proto count, as 10.0.0.0/8"),
        ("Limits:HeadersTimeoutSeconds", "30", "in what time the headers of a request must have arrived"),
        ("Limits:BodyBytesPerSecondMin", "240", "how fast a body must arrive, after the first 5 seconds"),
        ("Limits:ImportStallSeconds", "30", "for how many seconds the sender of an import may stand still"),
    ];

    /// <exception cref="SettingsException">A setting is wrong, or an address is not safe.</exception>
    public static EdgeSettings Read(SettingsReader reader, IConfiguration configuration, string urls)
    {
        var fallback = new EdgeSettings();
        var tls = ReadTls(reader);
        var allowsPlain = reader.Bool("Orderly:AllowPlainHttp", fallback: false);
        foreach (var url in ServerSettings.Addresses(urls))
        {
            RefuseWithoutCertificate(url, tls);
            RefusePlain(url, allowsPlain);
        }

        RefuseOtherWays(configuration);
        return new EdgeSettings
        {
            Tls = tls,
            KnownProxies = ReadNetworks(reader, configuration),
            HeadersTimeoutSeconds = reader.Count(
                "Limits:HeadersTimeoutSeconds", fallback.HeadersTimeoutSeconds, HeadersTimeoutSecondsMax),
            BodyBytesPerSecondMin = reader.Count(
                "Limits:BodyBytesPerSecondMin", fallback.BodyBytesPerSecondMin, BodyBytesPerSecondMax),
            ImportStallSeconds = reader.Count(
                "Limits:ImportStallSeconds", fallback.ImportStallSeconds, ImportStallSecondsMax),
        };
    }

    private static TlsSettings? ReadTls(SettingsReader reader)
    {
        if (reader.Text("Tls:CertificateFile") is not { } certificate)
        {
            foreach (var (name, _, _) in Known.Where(known => known.Name.StartsWith("Tls:", StringComparison.Ordinal)))
            {
                if (reader.Text(name) is not null)
                {
                    throw new SettingsException($"{name} is set, but Tls:CertificateFile is not.");
                }
            }

            return null;
        }

        var clients = ReadClientCertificates(reader);
        var authority = reader.Text("Tls:ClientCaFile");
        if (clients == ClientCertificates.None != authority is null)
        {
            throw new SettingsException(
                "Tls:ClientCertificates (allow or require) and Tls:ClientCaFile go together; one of them is missing.");
        }

        return new TlsSettings
        {
            CertificateFile = Path.GetFullPath(certificate),
            KeyFile = Path.GetFullPath(reader.Text("Tls:KeyFile") ?? certificate),
            KeyPassphrase = reader.Secret("Tls:KeyPassphrase"),
            ClientCertificates = clients,
            ClientCaFile = authority is null ? null : Path.GetFullPath(authority),
        };
    }

    private static ClientCertificates ReadClientCertificates(SettingsReader reader) =>
        reader.Text("Tls:ClientCertificates") switch
        {
            null or "none" => ClientCertificates.None,
            "allow" => ClientCertificates.Allow,
            "require" => ClientCertificates.Require,
            var text => throw SettingsReader.Wrong("Tls:ClientCertificates", text, "takes none, allow or require"),
        };

    private static void RefuseWithoutCertificate(string url, TlsSettings? tls)
    {
        if (tls is null && IsScheme(BindingAddress.Parse(url), Encrypted))
        {
            throw new SettingsException(
                $"urls has {url}, which needs a certificate: set Tls:CertificateFile and Tls:KeyFile.");
        }
    }

    /// <summary>Whoever listens in on plain HTTP has the keys.</summary>
    private static void RefusePlain(string url, bool allowsPlain)
    {
        var address = BindingAddress.Parse(url);
        if (!allowsPlain && IsScheme(address, Plain) && !StaysOnThisMachine(address))
        {
            throw new SettingsException(
                $"{url} would send keys and orders over the network unencrypted. Serve https:// with "
                + "Tls:CertificateFile, or set Orderly:AllowPlainHttp=true where a proxy in front ends TLS.");
        }
    }

    private static bool IsScheme(BindingAddress address, string scheme) =>
        string.Equals(address.Scheme, scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>Any other name is served on every interface.</summary>
    private static bool StaysOnThisMachine(BindingAddress address) =>
        address.IsUnixPipe || address.IsNamedPipe
        || string.Equals(address.Host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));

    /// <summary>
    /// Settings of the framework that would go round ours: addresses of its own, and a switch that believes everyone
    /// who sends a forwarded address.
    /// </summary>
    private static void RefuseOtherWays(IConfiguration configuration)
    {
        if (configuration.GetSection("Kestrel:Endpoints").GetChildren().Any())
        {
            throw new SettingsException("Kestrel:Endpoints is not read; set urls, and for https:// the settings Tls.");
        }

        if (string.Equals(configuration["ForwardedHeaders_Enabled"], "true", StringComparison.OrdinalIgnoreCase))
        {
            throw new SettingsException(
                "ForwardedHeaders_Enabled would believe every caller; set Proxy:KnownNetworks instead.");
        }
    }

    /// <summary>In one text with commas, or as the entries of a list.</summary>
    private static IReadOnlyList<IPNetwork> ReadNetworks(SettingsReader reader, IConfiguration configuration)
    {
        const string name = NetworksSection;
        string[] texts = reader.Text(name) is { } text
            ? text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            : [.. configuration.GetSection(name).GetChildren().Select(child => child.Value ?? "")];
        return texts.Length > NetworksMax
            ? throw new SettingsException($"{name} takes at most {NetworksMax} networks; there are {texts.Length}.")
            : [.. texts.Select(network => AllowedNetworks.Normalize(network) is { } normal
                ? IPNetwork.Parse(normal)
                : throw SettingsReader.Wrong(name, network,
                    "takes networks as 10.1.0.0/16 or 2001:db8::/32, with no bits set beyond the prefix"))];
    }
}
