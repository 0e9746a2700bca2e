using System.Net;

namespace Orderly.Server.Configuration;

/// <summary>How the service meets its callers: sections <c>Tls</c> and <c>Proxy</c>, and limits of slowness.</summary>
internal sealed record EdgeSettings
{
    /// <summary>null: no address is served with HTTPS.</summary>
    public TlsSettings? Tls { get; init; }

    /// <summary>The networks of the proxies whose word on a caller's address is taken; none: nobody's.</summary>
    public IReadOnlyList<IPNetwork> KnownProxies { get; init; } = [];

    /// <summary>In what time the headers of a request must have arrived.</summary>
    public int HeadersTimeoutSeconds { get; init; } = 30;

    /// <summary>How fast a body must arrive, after the first seconds.</summary>
    public int BodyBytesPerSecondMin { get; init; } = 240;

    /// <summary>For how long the sender of an import may stand still: it keeps one of few places meanwhile.</summary>
    public int ImportStallSeconds { get; init; } = 30;
}

/// <summary>The files that HTTPS is served with. Section <c>Tls</c>.</summary>
internal sealed record TlsSettings
{
    /// <summary>PEM: the certificate, then those between it and the root.</summary>
    public required string CertificateFile { get; init; }

    /// <summary>PEM: the certificate's private key.</summary>
    public required string KeyFile { get; init; }

    /// <summary>What the private key is encrypted with; null: it is not.</summary>
    public string? KeyPassphrase { get; init; }

    public ClientCertificates ClientCertificates { get; init; }

    /// <summary>PEM: who may have issued client certificates, and nobody else.</summary>
    public string? ClientCaFile { get; init; }
}

/// <summary>Whether callers show a certificate, too.</summary>
internal enum ClientCertificates
{
    None,
    Allow,
    Require,
}
