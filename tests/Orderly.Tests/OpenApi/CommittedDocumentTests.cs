using System.Text;
using Orderly.Tests.Harness;

namespace Orderly.Tests.OpenApi;

/// <summary>docs/openapi.json is what the code says, and what the server serves.</summary>
public sealed class CommittedDocumentTests(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task The_committed_document_is_the_built_one()
    {
        var built = await OpenApiDocument.BuildAsync();
        var committed = await OpenApiDocument.ReadCommittedAsync();
        Encoding.UTF8.GetString(committed).ShouldBe(
            Encoding.UTF8.GetString(built.Text), $"Refresh it: {OpenApiDocument.RefreshCommand}");
    }

    [Fact]
    public async Task The_served_document_is_the_built_one_and_needs_no_key()
    {
        using var stranger = new Api(server.Address, key: null);
        var reply = (await stranger.GetAsync("/openapi/v1.json")).ShouldBe(200);
        reply.Header("Content-Type").ShouldBe("application/json");
        reply.Body.ShouldBe((await OpenApiDocument.BuildAsync()).Text);
        (await stranger.GetAsync("/openapi/v1.json", ("If-None-Match", reply.Header("ETag")!))).ShouldBe(304);
        (await stranger.HeadAsync("/openapi/v1.json")).ShouldBe(200).Body.ShouldBeEmpty();
    }

    [Fact]
    public async Task It_is_OpenAPI_3_1_of_this_server_under_the_licence()
    {
        var root = (await OpenApiDocument.BuildAsync()).Root;
        root.GetProperty("openapi").GetString().ShouldNotBeNull().ShouldStartWith("3.1.");
        root.GetProperty("info").GetProperty("title").GetString().ShouldBe("Orderly");
        root.GetProperty("info").GetProperty("license").GetProperty("identifier").GetString().ShouldBe("Apache-2.0");
        root.GetProperty("servers")[0].GetProperty("url").GetString().ShouldBe("/");
    }
}
