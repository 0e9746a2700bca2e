using System.Text.RegularExpressions;
using Orderly.Tests.Harness;

namespace Orderly.Tests.OpenApi;

/// <summary>The page that shows the API comes whole from the server itself.</summary>
public sealed class DocumentationPageTests(RunningServer server) : IClassFixture<RunningServer>
{
    [Theory]
    [InlineData("/docs")]
    [InlineData("/docs/")]
    [InlineData("/docs/v1")]
    public async Task The_page_needs_no_key_and_no_redirect(string path)
    {
        using var stranger = new Api(server.Address, key: null);
        var reply = (await stranger.GetAsync(path)).ShouldBe(200);
        reply.Header("Content-Type").ShouldBe("text/html");
        reply.Text.ShouldContain("<title>Orderly API</title>");
        (await stranger.HeadAsync(path)).ShouldBe(200);
    }

    [Fact]
    public async Task All_that_the_page_loads_is_there_and_from_here()
    {
        using var stranger = new Api(server.Address, key: null);
        var page = (await stranger.GetAsync("/docs")).ShouldBe(200);
        page.Text.ShouldNotContain("://");
        var scripts = Regex.Matches(page.Text, "(?<=src=\")[^\"]+", RegexOptions.None, TimeSpan.FromSeconds(1))
            .Select(match => match.Value).ToList();
        scripts.Count.ShouldBe(2);
        foreach (var script in scripts.Append("favicon.svg"))
        {
            (await stranger.GetAsync("/docs/" + script)).ShouldBe(200).Body.ShouldNotBeEmpty();
        }

        page.Text.ShouldContain("openapi/v1.json");
        page.Text.ShouldContain("\"withDefaultFonts\":false");
        page.Text.ShouldContain("\"telemetry\":false");
        page.Text.ShouldContain("\"agent\":{\"disabled\":true}");
    }

    [Fact]
    public async Task The_browser_is_told_to_load_nothing_from_elsewhere()
    {
        using var stranger = new Api(server.Address, key: null);
        var first = (await stranger.GetAsync("/docs")).Header("Content-Security-Policy").ShouldNotBeNull();
        first.ShouldStartWith("default-src 'none'; script-src 'nonce-");
        first.ShouldContain("connect-src 'self'");
        first.ShouldNotContain("://");
        (await stranger.GetAsync("/docs")).Header("Content-Security-Policy").ShouldNotBe(first);
    }
}
