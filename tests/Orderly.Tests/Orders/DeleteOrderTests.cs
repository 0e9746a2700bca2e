using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>DELETE /orders/{id}.</summary>
public sealed class DeleteOrderTests(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly Api _api = server.Api;

    [Fact]
    public async Task A_deleted_order_is_gone_for_everyone_even_a_young_one()
    {
        var id = await _api.PlaceAsync();
        var path = "/orders/" + id;
        var deleted = (await _api.DeleteAsync(path)).ShouldBe(204);

        deleted.Body.ShouldBeEmpty();
        deleted.Header("Content-Type").ShouldBeNull();
        (await _api.GetAsync(path)).ShouldRefuse(404, "order-not-found");
        (await _api.HeadAsync(path)).ShouldBe(404);
        (await _api.PutAsync(path, AnOrder.Least)).ShouldRefuse(404, "order-not-found");
        (await _api.PatchAsync(path, "{}")).ShouldRefuse(404, "order-not-found");
        (await _api.DeleteAsync(path)).ShouldRefuse(404, "order-not-found");
        (await _api.GetAsync("/orders?limit=500")).Text.ShouldNotContain(id);
    }

    [Fact]
    public async Task A_deleted_order_stays_in_the_database_as_its_next_version()
    {
        var id = Guid.Parse(await _api.PlaceAsync());
        (await _api.DeleteAsync($"/orders/{id}")).ShouldBe(204);

        (await server.Database.SingleAsync<int>("select version from orders where order_id = $1", id)).ShouldBe(2);
        (await server.Database.SingleAsync<bool>(
            "select deleted from revisions where order_id = $1 and version = 2", id)).ShouldBeTrue();
    }

    [Fact]
    public async Task The_version_that_is_to_be_deleted_can_be_named()
    {
        var path = await server.PlaceOldAsync();
        (await _api.PatchAsync(path, """{"notes": "x"}""")).ShouldBe(200);

        (await _api.DeleteAsync(path, ("If-Match", "\"v1\""))).ShouldRefuse(412, "stale-version");
        (await _api.DeleteAsync(path, ("If-Match", "\"v2\""))).ShouldBe(204);
    }

    [Theory]
    [InlineData("019ab2c3-0000-7000-8000-000000000000")]
    [InlineData("x")]
    public async Task An_order_that_is_not_there_can_not_be_deleted(string id) =>
        (await _api.DeleteAsync("/orders/" + id)).ShouldRefuse(404, "order-not-found");

    [Fact]
    public async Task A_query_parameter_is_refused_and_nothing_is_deleted()
    {
        var path = "/orders/" + await _api.PlaceAsync();

        (await _api.DeleteAsync(path + "?hard=true")).ShouldRefuse(400, "unknown-parameter");
        (await _api.GetAsync(path)).ShouldBe(200);
    }
}
