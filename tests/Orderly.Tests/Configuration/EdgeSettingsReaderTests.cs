using Microsoft.Extensions.Configuration;
using Orderly.Server.Configuration;

namespace Orderly.Tests.Configuration;

public sealed class EdgeSettingsReaderTests
{
    private static readonly (string, string) Certificate = ("Tls:CertificateFile", "cert.pem");

    private static AllSettings Read(params (string Name, string Value)[] settings) => SettingsReader.Read(
        new ConfigurationBuilder().AddInMemoryCollection(
            settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))).Build());

    private static string Refused(params (string Name, string Value)[] settings)
    {
        var message = Should.Throw<SettingsException>(() => Read(settings)).Message;
        message.ShouldNotContain("\n");
        return message;
    }

    [Theory]
    [InlineData("http://0.0.0.0:5080")]
    [InlineData("http://*:5080")]
    [InlineData("http://127.0.0.1:5080;HTTP://[::]:5080")]
    [InlineData("http://192.0.2.1:5080")]
    [InlineData("http://orders.example:5080")]
    public void Plain_http_beyond_this_machine_is_refused_unless_it_is_allowed(string urls)
    {
        Refused(("urls", urls)).ShouldContain("Orderly:AllowPlainHttp=true");
        Read(("urls", urls), ("Orderly:AllowPlainHttp", "true")).Server.Urls.ShouldBe(urls);
    }

    [Theory]
    [InlineData("http://127.0.0.2:5080")]
    [InlineData("http://[::1]:5080")]
    [InlineData("http://LOCALHOST:5080")]
    [InlineData("http://unix:/run/orderly.sock")]
    public void Plain_http_on_this_machine_is_served(string urls) => Read(("urls", urls)).Server.Urls.ShouldBe(urls);

    [Fact]
    public void Https_takes_a_certificate()
    {
        Refused(("urls", "https://127.0.0.1:5443")).ShouldBe(
            "urls has https://127.0.0.1:5443, which needs a certificate: set Tls:CertificateFile and Tls:KeyFile.");
        var tls = Read(("urls", "https://*:5443"), Certificate, ("Tls:KeyPassphrase", "p")).Edge.Tls.ShouldNotBeNull();
        tls.CertificateFile.ShouldBe(Path.GetFullPath("cert.pem"));
        tls.KeyFile.ShouldBe(tls.CertificateFile);
        tls.KeyPassphrase.ShouldBe("p");
        tls.ClientCertificates.ShouldBe(ClientCertificates.None);
    }

    [Fact]
    public void Settings_of_tls_that_are_wrong_or_half_are_refused()
    {
        Refused(("Tls:KeyFile", "key.pem")).ShouldBe("Tls:KeyFile is set, but Tls:CertificateFile is not.");
        Refused(Certificate, ("Tls:ClientCertificates", "some")).ShouldContain("takes none, allow or require");
        Refused(Certificate, ("Tls:ClientCertificates", "require")).ShouldContain("Tls:ClientCaFile");
        Refused(Certificate, ("Tls:ClientCaFile", "ca.pem")).ShouldContain("Tls:ClientCertificates");
        Refused(("Tls:Certificate", "cert.pem")).ShouldStartWith("There is no setting Tls:Certificate.");
    }

    [Fact]
    public void Known_proxies_are_networks_in_one_text_or_in_a_list()
    {
        Read().Edge.KnownProxies.ShouldBeEmpty();
        Read(("Proxy:KnownNetworks", "10.0.0.0/8, ::1/128")).Edge.KnownProxies.Count.ShouldBe(2);
        Read(("Proxy:KnownNetworks:0", "10.0.0.0/8"), ("Proxy:KnownNetworks:1", "::1/128"))
            .Edge.KnownProxies.Count.ShouldBe(2);
        Refused(("Proxy:KnownNetworks", "10.0.0.1/8")).ShouldStartWith("Proxy:KnownNetworks takes networks as ");
        Refused(("Proxy:KnownNetworks:0", "10.0.0.1")).ShouldStartWith("Proxy:KnownNetworks takes networks as ");
    }

    [Fact]
    public void Ways_of_the_framework_round_these_settings_are_refused()
    {
        Refused(("Kestrel:Endpoints:Other:Url", "http://*:80")).ShouldStartWith("Kestrel:Endpoints is not read");
        Refused(("ForwardedHeaders_Enabled", "true")).ShouldContain("Proxy:KnownNetworks");
    }

    [Theory]
    [InlineData("http://127.0.0.1:5080/base")]
    [InlineData("ftp://127.0.0.1:5080")]
    public void Addresses_that_can_not_be_served_are_refused(string urls) =>
        Refused(("urls", urls)).ShouldStartWith("urls takes addresses such as ");
}
