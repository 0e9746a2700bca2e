using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>PUT /orders/{id} where all is well, and what it does to fees and lines.</summary>
public sealed class ReplaceOrderTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const string Full =
        """
        "totalfee": 149.90, "currency": "USD", "customer": {"name": "Ada"}, "notes": "n", "metadata": {"a": "1"}
        """;

    private readonly Api _api = server.Api;

    [Fact]
    public async Task The_writable_fields_are_replaced_and_the_others_stay()
    {
        var path = await server.PlaceOldAsync(AnOrder.With(Full));
        var before = await _api.GetAsync(path);
        var after = (await _api.PutAsync(path, AnOrder.At("\"2027-01-01T00:00:00Z\"", """["window"]""",
            """ "totalfee": 25, "notes": "other", "metadata": {"b": "2"} """))).ShouldBe(200);

        after.Version.ShouldBe(2);
        after.Header("ETag").ShouldBe("\"v2\"");
        after.String("datetime").ShouldBe("2027-01-01T00:00:00Z");
        after.String("services/0/id").ShouldBe("window");
        after.Raw("totalfee").ShouldBe("25");
        after.Raw("adjustment").ShouldBe("5");
        after.String("notes").ShouldBe("other");
        after.Raw("metadata").ShouldBe("""{"b":"2"}""");
        foreach (var kept in (string[])["id", "number", "status", "team", "createdAt", "createdBy", "updatableFrom"])
        {
            after.Raw(kept).ShouldBe(before.Raw(kept));
        }

        after.At("updatedAt").GetDateTime().ShouldBeGreaterThan(before.At("updatedAt").GetDateTime());
        (await _api.GetAsync(path)).Text.ShouldBe(after.Text);
    }

    [Fact]
    public async Task An_optional_field_that_is_left_out_or_null_is_cleared()
    {
        var path = await server.PlaceOldAsync(AnOrder.With(Full + ", \"reference\": \"to-be-cleared\""));
        var after = (await _api.PutAsync(path, AnOrder.With("\"notes\": null"))).ShouldBe(200);

        after.Raw("totalfee").ShouldBe("59.95");
        after.Raw("reference").ShouldBe("null");
        after.Raw("customer").ShouldBe("null");
        after.Raw("notes").ShouldBe("null");
        after.Raw("metadata").ShouldBe("{}");
    }

    [Fact]
    public async Task A_write_that_changes_nothing_keeps_the_version_and_stores_nothing()
    {
        var path = await server.PlaceOldAsync(AnOrder.With(Full));
        var before = await _api.GetAsync(path);
        var after = (await _api.PutAsync(path, AnOrder.With(Full))).ShouldBe(200);

        after.Text.ShouldBe(before.Text);
        after.Header("ETag").ShouldBe("\"v1\"");
        (await server.Database.SingleAsync<long>(
            "select count(*) from revisions where order_id = $1", Guid.Parse(before.Id))).ShouldBe(1);
    }

    [Fact]
    public async Task The_order_of_metadata_is_no_change_but_a_scale_is()
    {
        var path = await server.PlaceOldAsync(AnOrder.With(""" "totalfee": 10.0, "metadata": {"a": "1", "b": "2"} """));

        (await _api.PutAsync(path, AnOrder.With(""" "metadata": {"b": "2", "a": "1"}, "totalfee": 10.0 """)))
            .ShouldBe(200).Version.ShouldBe(1);
        var scaled = await _api.PutAsync(path,
            AnOrder.With(""" "metadata": {"b": "2", "a": "1"}, "totalfee": 10.00 """));
        scaled.ShouldBe(200).Version.ShouldBe(2);
        scaled.Raw("totalfee").ShouldBe("10.00");
    }

    [Fact]
    public async Task The_whole_body_as_it_was_read_can_be_sent_back()
    {
        var path = await server.PlaceOldAsync(AnOrder.With(Full));
        var read = await _api.GetAsync(path);

        (await _api.PutAsync(path, read.Text)).ShouldBe(200).Version.ShouldBe(1);
        var edited = read.Text.Replace("\"notes\":\"n\"", "\"notes\":\"edited\"");
        (await _api.PutAsync(path, edited)).ShouldBe(200).Version.ShouldBe(2);
        (await _api.PutAsync(path, edited)).ShouldRefuse(412, "stale-version");
    }

    [Fact]
    public async Task The_whole_body_can_be_sent_back_where_its_adjustment_has_more_digits_than_money_may_have()
    {
        var path = await server.PlaceOldAsync(AnOrder.Of(
            """[{"id": "window", "fee": 0.0001}]""", "\"totalfee\": 999999999999999"));
        var read = await _api.GetAsync(path);

        read.Raw("adjustment").ShouldBe("999999999999998.9999");
        (await _api.PutAsync(path, read.Text)).ShouldBe(200).Version.ShouldBe(1);
    }

    [Fact]
    public async Task The_whole_body_can_be_sent_back_where_a_fee_is_unknown()
    {
        var path = await server.PlaceOldAsync(AnOrder.Of("""["unpriced"]""", "\"totalfee\": 5"));
        var read = await _api.GetAsync(path);

        (await _api.PutAsync(path, read.Text.Replace("\"totalfee\":5", "\"totalfee\":6"))).ShouldBe(200)
            .Raw("adjustment").ShouldBe("null");
    }

    [Fact]
    public async Task A_total_that_is_left_out_is_computed_anew()
    {
        var path = await server.PlaceOldAsync(AnOrder.With("\"totalfee\": 500"));

        var after = await _api.PutAsync(path, AnOrder.Of("""[{"id": "deep-clean", "quantity": 3}]"""));
        after.ShouldBe(200).Raw("totalfee").ShouldBe("179.85");
        after.Raw("adjustment").ShouldBe("0.00");
    }

    [Fact]
    public async Task A_line_that_the_order_has_keeps_its_name_and_fee_when_the_record_changes()
    {
        (await _api.PutAsync("/services/kept", """{"name": "Old name", "fee": 10}""")).ShouldBe(201);
        var path = await server.PlaceOldAsync(AnOrder.Of("""["kept"]"""));
        (await _api.PutAsync("/services/kept", """{"name": "New name", "fee": 99}""")).ShouldBe(200);

        var after = await _api.PutAsync(path, AnOrder.Of("""[{"id": "kept", "quantity": 2}, "kept"]"""));
        after.ShouldBe(200).Raw("services").ShouldBe(
            """[{"id":"kept","name":"Old name","quantity":2,"fee":10},"""
            + """{"id":"kept","name":"New name","quantity":1,"fee":99}]""");
        after.Raw("totalfee").ShouldBe("119");
    }

    [Fact]
    public async Task A_line_of_a_retired_record_stays_but_no_further_one_is_taken()
    {
        (await _api.PutAsync("/services/soon-retired", """{"name": "Soon", "fee": 10}""")).ShouldBe(201);
        var path = await server.PlaceOldAsync(AnOrder.Of("""["soon-retired"]"""));
        (await _api.DeleteAsync("/services/soon-retired")).ShouldBe(204);

        var after = await _api.PutAsync(path, AnOrder.Of("""["window", {"id": "soon-retired", "quantity": 4}]"""));
        after.ShouldBe(200).Raw("services/1").ShouldBe(
            """{"id":"soon-retired","name":"Soon","quantity":4,"fee":10}""");
        (await _api.PutAsync(path, AnOrder.Of("""["soon-retired", "soon-retired"]""")))
            .ShouldRefuse(422, "retired-service", "#/services/1");
    }

    [Fact]
    public async Task A_fee_in_the_currency_of_before_is_unknown_in_another()
    {
        var path = await server.PlaceOldAsync();

        (await _api.PutAsync(path, AnOrder.With("\"currency\": \"EUR\"")))
            .ShouldRefuse(422, "totalfee-required", "#/totalfee");
        var after = await _api.PutAsync(path,
            AnOrder.Of("""["deep-clean"]""", "\"currency\": \"EUR\", \"totalfee\": 7"));
        after.ShouldBe(200).Raw("services/0/fee").ShouldBe("null");
    }

    [Fact]
    public async Task An_order_that_is_not_there_is_not_created()
    {
        (await _api.PutAsync("/orders/019ab2c3-0000-7000-8000-000000000000", AnOrder.Least))
            .ShouldRefuse(404, "order-not-found");
        (await _api.PutAsync("/orders/mine", AnOrder.Least)).ShouldRefuse(404, "order-not-found");
    }

    [Fact]
    public async Task What_a_new_order_must_have_a_replacement_must_have_too()
    {
        var path = await server.PlaceOldAsync();

        (await _api.PutAsync(path, "{}")).ShouldRefuse(400, "missing-field").Faults.ShouldBe(
            ["#/datetime missing-field", "#/services missing-field"]);
        (await _api.PutAsync(path, AnOrder.Of("[]"))).ShouldRefuse(422, "invalid-count", "#/services");
        (await _api.PutAsync(path, AnOrder.Of("""["nope"]"""))).ShouldRefuse(422, "unknown-service", "#/services/0");
        (await _api.PutAsync(path, AnOrder.With("\"totalfee\": -1"))).ShouldRefuse(422, "out-of-range", "#/totalfee");
        (await _api.GetAsync(path)).Version.ShouldBe(1);
    }
}
