using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Orderly.Server.Configuration;

namespace Orderly.Server.Http.Edge;

/// <summary>What HTTPS is served with, as its files were at one moment.</summary>
/// <param name="Context">The certificate with those above it, ready for handshakes.</param>
/// <param name="Clients">How the certificates of callers are checked; null: none are asked for.</param>
internal sealed record TlsMaterial(SslStreamCertificateContext Context, X509ChainPolicy? Clients)
{
    public string Serial => Context.TargetCertificate.SerialNumber;

    public DateTime EndsAt => Context.TargetCertificate.NotAfter.ToUniversalTime();
}

/// <summary>The text of the files, read at one go.</summary>
internal sealed class TlsFiles
{
    private const string ForClients = "1.3.6.1.5.5.7.3.2"; // id-kp-clientAuth, RFC 5280, 4.2.1.12

    private readonly string _certificate;
    private readonly string _key;
    private readonly string? _authority;

    private TlsFiles(TlsSettings settings)
    {
        _certificate = File.ReadAllText(settings.CertificateFile);
        _key = File.ReadAllText(settings.KeyFile);
        _authority = settings.ClientCaFile is { } file ? File.ReadAllText(file) : null;
        Digest = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{_certificate}\0{_key}\0{_authority}")));
    }

    /// <summary>Tells one state of the files from another.</summary>
    public string Digest { get; }

    /// <exception cref="SettingsException">They can't be read.</exception>
    public static TlsFiles Read(TlsSettings settings)
    {
        try
        {
            return new TlsFiles(settings);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"A file of the settings Tls can't be read: {exception.Message}");
        }
    }

    /// <summary>Whether the service could be started with them.</summary>
    /// <exception cref="SettingsException">It can't.</exception>
    public static void Check(TlsSettings? settings)
    {
        if (settings is not null)
        {
            Read(settings).Load(settings);
        }
    }

    /// <exception cref="SettingsException">They hold no certificate with its key, or no issuer of clients'.</exception>
    public TlsMaterial Load(TlsSettings settings)
    {
        try
        {
            var leaf = settings.KeyPassphrase is { } passphrase
                ? X509Certificate2.CreateFromEncryptedPem(_certificate, _key, passphrase)
                : X509Certificate2.CreateFromPem(_certificate, _key);
            var above = new X509Certificate2Collection();
            above.ImportFromPem(_certificate);
            above.RemoveAt(0); // the first is the leaf

            // Offline: what is not in the file is not fetched from elsewhere.
            return new TlsMaterial(SslStreamCertificateContext.Create(leaf, above, offline: true), LoadClients());
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new SettingsException(
                "Tls:CertificateFile and Tls:KeyFile do not hold a certificate and its key that can be used: "
                + exception.Message.ReplaceLineEndings(" "));
        }
    }

    /// <summary>
    /// The issuers in the file and nobody else, whatever the machine trusts. Whether a certificate was revoked is not
    /// asked: that would make each handshake wait for another host.
    /// </summary>
    private X509ChainPolicy? LoadClients()
    {
        if (_authority is null)
        {
            return null;
        }

        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.ImportFromPem(_authority);
        policy.ApplicationPolicy.Add(new Oid(ForClients));
        return policy.CustomTrustStore.Count > 0
            ? policy
            : throw new SettingsException("Tls:ClientCaFile holds no certificate in PEM.");
    }
}
