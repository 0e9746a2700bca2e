using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Orderly.Server.Configuration;
using Orderly.Server.Http.Edge;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Http.Edge;

public sealed class TlsFilesTests : IDisposable
{
    private readonly TestAuthority _authority = new("The authority of the tests");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orderly-tls-");

    private TlsSettings Settings(string? passphrase = null) => new()
    {
        CertificateFile = Path.Combine(_folder.FullName, "cert.pem"),
        KeyFile = Path.Combine(_folder.FullName, "key.pem"),
        KeyPassphrase = passphrase,
    };

    private static string Refused(TlsSettings settings)
    {
        var message = Should.Throw<SettingsException>(() => TlsFiles.Check(settings)).Message;
        message.ShouldNotContain("\n");
        return message;
    }

    [Fact]
    public void A_key_with_a_passphrase_is_read_with_it_alone()
    {
        using var leaf = _authority.Issue();
        File.WriteAllText(Settings().CertificateFile, leaf.ExportCertificatePem());
        File.WriteAllText(Settings().KeyFile, leaf.GetECDsaPrivateKey()!.ExportEncryptedPkcs8PrivateKeyPem(
            "open", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));

        TlsFiles.Read(Settings()).Load(Settings("open")).Serial.ShouldBe(leaf.SerialNumber);
        Refused(Settings("shut")).ShouldStartWith("Tls:CertificateFile and Tls:KeyFile do not hold");
        Refused(Settings()).ShouldStartWith("Tls:CertificateFile and Tls:KeyFile do not hold");
    }

    [Fact]
    public void Files_that_are_not_there_or_hold_something_else_are_told_of_in_a_line()
    {
        Refused(Settings()).ShouldStartWith("A file of the settings Tls can't be read: ");
        _authority.WritePair(_folder.FullName);
        TlsFiles.Check(Settings());
        File.WriteAllText(Settings().CertificateFile, "not a certificate");
        Refused(Settings()).ShouldStartWith("Tls:CertificateFile and Tls:KeyFile do not hold");
    }

    [Fact]
    public void Issuers_of_callers_are_read_from_a_file_that_has_some()
    {
        _authority.WritePair(_folder.FullName);
        var settings = Settings() with
        {
            ClientCertificates = ClientCertificates.Require,
            ClientCaFile = Path.Combine(_folder.FullName, "ca.pem"),
        };
        File.WriteAllText(settings.ClientCaFile!, "nobody");
        Refused(settings).ShouldBe("Tls:ClientCaFile holds no certificate in PEM.");
        File.WriteAllText(settings.ClientCaFile!, _authority.Pem);
        TlsFiles.Check(settings);
    }

    [Theory]
    [InlineData(30, 5000, LogLevel.Information)]
    [InlineData(20.5, 5001, LogLevel.Warning)]
    [InlineData(-1, 5002, LogLevel.Error)]
    public async Task A_certificate_that_ends_soon_or_has_ended_is_told_of_at_the_start(
        double validForDays, int expected, LogLevel level)
    {
        _authority.WritePair(_folder.FullName, validForDays);
        using var log = new CapturedLog();
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(log));
        using var served = new ServedCertificate(
            Settings(), TimeProvider.System, loggers.CreateLogger<ServedCertificate>());

        await served.StartAsync(TestContext.Current.CancellationToken);
        await served.StopAsync(TestContext.Current.CancellationToken);

        var last = log.Entries.Last();
        last.Event.Id.ShouldBe(expected);
        last.Level.ShouldBe(level);
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Delete(recursive: true);
    }
}
