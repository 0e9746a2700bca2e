using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Http.Edge;

/// <summary>A server with HTTPS, whose certificate's files lie in a folder.</summary>
public class HttpsServer(TestCluster cluster) : RunningServer(cluster)
{
    public TestAuthority Authority { get; } = new("The authority of the tests");

    public DirectoryInfo Folder { get; } = Directory.CreateTempSubdirectory("orderly-tls-");

    protected override IReadOnlyList<(string, string)> Settings =>
    [
        ("urls", "https://127.0.0.1:0"), ("Tls:CertificateFile", Path.Combine(Live, "cert.pem")),
        ("Tls:KeyFile", Path.Combine(Live, "key.pem")),
    ];

    /// <summary>The folder as the settings name it.</summary>
    protected virtual string Live => Folder.FullName;

    protected override SslClientAuthenticationOptions Tls => Trusting();

    /// <summary>Trusts the tests' authority alone.</summary>
    /// <param name="shown">The caller's own certificate.</param>
    public SslClientAuthenticationOptions Trusting(X509Certificate2? shown = null)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.Add(Authority.Certificate);
        return new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            CertificateChainPolicy = policy,
            ClientCertificates = shown is null ? null : new X509CertificateCollection { shown },
        };
    }

    /// <summary>The serial number of the certificate that a new connection gets.</summary>
    public async Task<string> SerialAsync()
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(Address.Host, Address.Port, TestContext.Current.CancellationToken);
        await using var stream = new SslStream(tcp.GetStream());
        var options = Trusting();
        options.TargetHost = Address.Host;
        await stream.AuthenticateAsClientAsync(options, TestContext.Current.CancellationToken);
        return stream.RemoteCertificate!.GetSerialNumberString();
    }

    /// <summary>Connects anew until a condition holds; the test's time limit ends what never does.</summary>
    public async Task UntilAsync(Func<string, bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!holds(await SerialAsync()))
        {
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    public override async ValueTask InitializeAsync()
    {
        Authority.WritePair(Folder.FullName);
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Authority.Dispose();
        Folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }
}

/// <summary>A server that asks its callers for a certificate.</summary>
public class ServerForCertificates(TestCluster cluster) : HttpsServer(cluster)
{
    public TestAuthority ClientAuthority { get; } = new("The authority of the callers");

    public X509Certificate2 ClientCertificate { get; private set; } = null!;

    protected virtual string Mode => "require";

    protected override SslClientAuthenticationOptions Tls => Trusting(ClientCertificate);

    protected override IReadOnlyList<(string, string)> Settings =>
    [
        .. base.Settings, ("Tls:ClientCertificates", Mode), ("Tls:ClientCaFile", Path.Combine(Live, "callers.pem")),
    ];

    public override async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(Folder.FullName, "callers.pem"), ClientAuthority.Pem);
        ClientCertificate = ClientAuthority.Issue(TestAuthority.ForClients);
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        ClientAuthority.Dispose();
        ClientCertificate.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>A server that looks at certificates where callers have them.</summary>
public sealed class ServerLikingCertificates(TestCluster cluster) : ServerForCertificates(cluster)
{
    protected override string Mode => "allow";
}
