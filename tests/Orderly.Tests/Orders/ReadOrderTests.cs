using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>GET and HEAD /orders/{id}.</summary>
public sealed class ReadOrderTests(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly Api _api = server.Api;

    [Fact]
    public async Task An_order_is_answered_with_its_tag_for_the_caller_alone()
    {
        var id = await _api.PlaceAsync();
        var read = (await _api.GetAsync("/orders/" + id)).ShouldBe(200);

        read.Id.ShouldBe(id);
        read.Header("ETag").ShouldBe("\"v1\"");
        read.Header("Content-Type").ShouldBe("application/json");
        read.Header("Cache-Control").ShouldBe("private, no-cache");
        read.Header("Vary").ShouldBe("X-Api-Key, Authorization");
    }

    [Fact]
    public async Task Head_is_get_without_the_body()
    {
        var path = "/orders/" + await _api.PlaceAsync();
        var got = await _api.GetAsync(path);
        var head = (await _api.HeadAsync(path)).ShouldBe(200);

        head.Body.ShouldBeEmpty();
        head.Header("ETag").ShouldBe("\"v1\"");
        head.Header("Content-Type").ShouldBe("application/json");
        head.Header("Content-Length").ShouldBe(got.Body.Length.ToString());
    }

    [Fact]
    public async Task Head_of_an_order_that_is_not_there_is_404_without_a_body()
    {
        var head = (await _api.HeadAsync("/orders/019ab2c3-0000-7000-8000-000000000000")).ShouldBe(404);

        head.Body.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("\"v1\"")]
    [InlineData("W/\"v1\"")]
    [InlineData("*")]
    [InlineData("\"other\", \"v1\"")]
    public async Task A_caller_that_has_the_current_version_is_told_so_without_a_body(string tags)
    {
        var path = "/orders/" + await _api.PlaceAsync();
        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Head])
        {
            var reply = (await _api.SendAsync(method, path, json: null, ("If-None-Match", tags))).ShouldBe(304);
            reply.Body.ShouldBeEmpty();
            reply.Header("ETag").ShouldBe("\"v1\"");
            reply.Header("Cache-Control").ShouldBe("private, no-cache");
            reply.Header("Vary").ShouldBe("X-Api-Key, Authorization");
        }
    }

    [Theory]
    [InlineData("\"v2\"")]
    [InlineData("v1")]
    [InlineData("\"V1\"")]
    public async Task A_caller_that_has_another_version_gets_the_order(string tags)
    {
        var path = "/orders/" + await _api.PlaceAsync();

        (await _api.GetAsync(path, ("If-None-Match", tags))).ShouldBe(200);
    }

    [Theory]
    [InlineData("019ab2c3-0000-7000-8000-000000000000")]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("1")]
    [InlineData("x")]
    [InlineData("019ab2c3000070008000000000000000")]
    [InlineData("{019ab2c3-0000-7000-8000-000000000000}")]
    [InlineData("%F0%9F%99%82")]
    [InlineData("..%2f..%2fetc")]
    public async Task An_id_that_no_order_has_is_not_found_however_it_is_written(string id) =>
        (await _api.GetAsync("/orders/" + id)).ShouldRefuse(404, "order-not-found");

    [Fact]
    public async Task An_id_with_a_space_around_it_is_another_id()
    {
        var id = await _api.PlaceAsync();

        (await _api.GetAsync($"/orders/%20{id}")).ShouldRefuse(404, "order-not-found");
        (await _api.GetAsync($"/orders/{id}%20")).ShouldRefuse(404, "order-not-found");
    }

    [Fact]
    public async Task A_query_parameter_is_refused_before_the_order_is_looked_for()
    {
        var reply = await _api.GetAsync("/orders/019ab2c3-0000-7000-8000-000000000000?expand=all");

        reply.ShouldRefuse(400, "unknown-parameter").Faults.ShouldBe(["expand unknown-parameter"]);
    }

    [Fact]
    public async Task What_was_taken_over_from_a_service_record_stays_when_the_record_changes()
    {
        (await _api.PutAsync("/services/changing", """{"name": "Before", "fee": 10}""")).ShouldBe(201);
        var id = await _api.PlaceAsync(AnOrder.Of("""["changing"]"""));
        (await _api.PutAsync("/services/changing", """{"name": "After", "fee": 11}""")).ShouldBe(200);
        (await _api.DeleteAsync("/services/changing")).ShouldBe(204);

        var read = await _api.GetAsync("/orders/" + id);
        read.String("services/0/name").ShouldBe("Before");
        read.Raw("services/0/fee").ShouldBe("10");
        read.Raw("totalfee").ShouldBe("10");
    }

    [Fact]
    public async Task A_new_order_takes_over_the_record_as_it_is_now()
    {
        (await _api.PutAsync("/services/repriced", """{"name": "Before", "fee": 10}""")).ShouldBe(201);
        await _api.PlaceAsync(AnOrder.Of("""["repriced"]"""));
        (await _api.PutAsync("/services/repriced", """{"name": "After", "fee": 11}""")).ShouldBe(200);

        var placed = await _api.PostAsync("/orders", AnOrder.Of("""["repriced"]"""));
        placed.String("services/0/name").ShouldBe("After");
        placed.Raw("services/0/fee").ShouldBe("11");
    }
}
