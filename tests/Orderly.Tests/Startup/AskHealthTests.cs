using Orderly.Server.Configuration;
using Orderly.Server.Startup;

namespace Orderly.Tests.Startup;

public sealed class AskHealthTests
{
    [Theory]
    [InlineData("http://127.0.0.1:5080", "http://127.0.0.1:5080/health/ready")]
    [InlineData("http://*:8080", "http://127.0.0.1:8080/health/ready")]
    [InlineData("http://0.0.0.0:8080", "http://127.0.0.1:8080/health/ready")]
    [InlineData("http://[::]:8080", "http://[::1]:8080/health/ready")]
    [InlineData("https://0.0.0.0:5443;http://127.0.0.1:8081", "http://127.0.0.1:8081/health/ready")]
    [InlineData("http://unix:/run/a.sock; https://orders.example:5443", "https://orders.example:5443/health/ready")]
    public void It_asks_an_address_that_this_machine_can_reach(string urls, string asked) =>
        AskHealth.Find(urls).AbsoluteUri.ShouldBe(asked);

    [Fact]
    public void Without_an_address_it_says_what_to_do() =>
        Should.Throw<SettingsException>(() => AskHealth.Find("http://unix:/run/orderly.sock"))
            .Message.ShouldContain("--urls");
}
