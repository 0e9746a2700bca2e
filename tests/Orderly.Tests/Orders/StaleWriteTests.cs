using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>If-Match and version: a write says which version it is based on.</summary>
public sealed class StaleWriteTests(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly Api _api = server.Api;

    [Theory]
    [InlineData("\"v1\"")]
    [InlineData("*")]
    [InlineData("\"v7\", \"v1\"")]
    [InlineData("\"v1\",\"other\"")]
    [InlineData("\"a,b\", \"v1\"")]
    public async Task A_write_that_names_the_current_version_is_done(string tags)
    {
        var path = await server.PlaceOldAsync();

        (await _api.PatchAsync(path, """{"notes": "x"}""", ("If-Match", tags))).ShouldBe(200).Version.ShouldBe(2);
    }

    [Theory]
    [InlineData("\"v2\"")]
    [InlineData("\"v0\"")]
    [InlineData("\"v01\"")]
    [InlineData("\"V1\"")]
    [InlineData("\"1\"")]
    [InlineData("\"\"")]
    [InlineData("\"v99999999999999999999\"")]
    [InlineData("\"v2\", \"v3\"")]
    [InlineData("\"a,b\"")]
    public async Task A_write_that_names_other_versions_is_stale_and_told_the_current_one(string tags)
    {
        var path = await server.PlaceOldAsync();
        foreach (var reply in (Reply[])
        [
            await _api.PutAsync(path, AnOrder.Least, ("If-Match", tags)),
            await _api.PatchAsync(path, "{}", ("If-Match", tags)),
            await _api.DeleteAsync(path, ("If-Match", tags)),
        ])
        {
            reply.ShouldRefuse(412, "stale-version");
            reply.Version.ShouldBe(1);
            reply.Header("ETag").ShouldBe("\"v1\"");
        }
    }

    [Theory]
    [InlineData("W/\"v1\"")]
    [InlineData("v1")]
    [InlineData("1")]
    [InlineData("\"v1")]
    [InlineData("\"v1\" \"v2\"")]
    [InlineData("\"v1\", W/\"v2\"")]
    [InlineData("*, \"v1\"")]
    [InlineData("\"v 1\"")]
    [InlineData(",")]
    public async Task Weak_and_malformed_tags_are_refused(string tags)
    {
        var path = await server.PlaceOldAsync();

        (await _api.PutAsync(path, AnOrder.Least, ("If-Match", tags))).ShouldRefuse(400, "invalid-precondition");
        (await _api.PatchAsync(path, "{}", ("If-Match", tags))).ShouldRefuse(400, "invalid-precondition");
        (await _api.DeleteAsync(path, ("If-Match", tags))).ShouldRefuse(400, "invalid-precondition");
        (await _api.GetAsync(path)).Version.ShouldBe(1);
    }

    [Fact]
    public async Task A_write_that_may_only_create_does_not_change_what_is_there()
    {
        var path = await server.PlaceOldAsync();
        var onlyNew = ("If-None-Match", "*");

        (await _api.PutAsync(path, AnOrder.Of("""["window"]"""), onlyNew)).ShouldRefuse(412, "stale-version");
        (await _api.PatchAsync(path, """{"notes": "x"}""", onlyNew)).ShouldRefuse(412, "stale-version");
        (await _api.DeleteAsync(path, onlyNew)).ShouldRefuse(412, "stale-version")
            .String("detail").ShouldBe("The order exists, at version 1; If-None-Match: * lets it only be created.");
        (await _api.PutAsync(path, AnOrder.Least, ("If-None-Match", "\"v7\"")))
            .ShouldRefuse(400, "invalid-precondition");
        (await _api.GetAsync(path)).Version.ShouldBe(1);
    }

    [Fact]
    public async Task A_header_and_a_version_in_the_body_must_agree()
    {
        var path = await server.PlaceOldAsync();

        (await _api.PatchAsync(path, """{"version": 1}""", ("If-Match", "\"v2\"")))
            .ShouldRefuse(400, "invalid-precondition");
        (await _api.PatchAsync(path, """{"version": 2}""", ("If-Match", "\"v2\""))).ShouldRefuse(412, "stale-version");
        (await _api.PatchAsync(path, """{"version": 2}""", ("If-Match", "*"))).ShouldRefuse(412, "stale-version");
        (await _api.PatchAsync(path, """{"version": 1}""", ("If-Match", "\"v1\", \"v2\""))).ShouldBe(200);
    }

    [Fact]
    public async Task A_stale_write_that_would_change_nothing_is_stale_all_the_same()
    {
        var path = await server.PlaceOldAsync();

        (await _api.PutAsync(path, AnOrder.Least, ("If-Match", "\"v2\""))).ShouldRefuse(412, "stale-version");
    }
}

/// <summary>Orders:RequireIfMatch.</summary>
public sealed class RequiredPreconditionTests(CautiousServer server) : IClassFixture<CautiousServer>
{
    private readonly Api _api = server.Api;

    [Fact]
    public async Task A_write_without_a_precondition_is_refused()
    {
        var path = await server.PlaceOldAsync();

        (await _api.PutAsync(path, AnOrder.Least)).ShouldRefuse(428, "precondition-required");
        (await _api.PatchAsync(path, "{}")).ShouldRefuse(428, "precondition-required");
        (await _api.DeleteAsync(path)).ShouldRefuse(428, "precondition-required");
        (await _api.GetAsync(path)).Version.ShouldBe(1);
    }

    [Fact]
    public async Task A_tag_a_star_or_a_version_in_the_body_is_a_precondition()
    {
        var path = await server.PlaceOldAsync();

        (await _api.PatchAsync(path, """{"notes": "a"}""", ("If-Match", "\"v1\""))).ShouldBe(200);
        (await _api.PatchAsync(path, """{"notes": "b", "version": 2}""")).ShouldBe(200);
        (await _api.DeleteAsync(path, ("If-Match", "*"))).ShouldBe(204);
    }

    [Fact]
    public async Task An_order_that_is_not_there_is_not_found_first() =>
        (await _api.DeleteAsync("/orders/019ab2c3-0000-7000-8000-000000000000")).ShouldRefuse(404, "order-not-found");

    [Fact]
    public async Task Placing_an_order_needs_none() => await _api.PlaceAsync();
}
