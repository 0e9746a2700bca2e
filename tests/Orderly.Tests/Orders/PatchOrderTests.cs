using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>PATCH /orders/{id}: JSON Merge Patch (RFC 7396).</summary>
public sealed class PatchOrderTests(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly Api _api = server.Api;

    private async Task<Reply> Patched(string order, string patch) =>
        (await _api.PatchAsync(await server.PlaceOldAsync(order), patch)).ShouldBe(200);

    [Fact]
    public async Task What_is_left_out_stays()
    {
        var path = await server.PlaceOldAsync(AnOrder.With(
            """ "totalfee": 70, "notes": "n", "customer": {"name": "Ada"}, "metadata": {"a": "1"} """));
        var before = await _api.GetAsync(path);
        var after = (await _api.PatchAsync(path, """{"notes": "other"}""")).ShouldBe(200);

        after.Version.ShouldBe(2);
        after.String("notes").ShouldBe("other");
        foreach (var kept in (string[])["datetime", "services", "totalfee", "customer", "metadata", "adjustment"])
        {
            after.Raw(kept).ShouldBe(before.Raw(kept));
        }
    }

    [Fact]
    public async Task An_empty_patch_changes_nothing() =>
        (await Patched(AnOrder.Least, "{}")).Version.ShouldBe(1);

    [Theory]
    [InlineData("reference", "null")]
    [InlineData("notes", "null")]
    [InlineData("customer", "null")]
    [InlineData("metadata", "{}")]
    public async Task Null_clears_an_optional_field(string field, string empty)
    {
        var after = await Patched(
            AnOrder.With($$"""
                "reference": "{{field}}", "notes": "n", "customer": {"name": "Ada"}, "metadata": {"a": "1"}
                """),
            $$"""{"{{field}}": null}""");

        after.Version.ShouldBe(2);
        after.Raw(field).ShouldBe(empty);
    }

    [Theory]
    [InlineData("datetime")]
    [InlineData("services")]
    public async Task Null_does_not_clear_a_required_field(string field)
    {
        var path = await server.PlaceOldAsync();

        (await _api.PatchAsync(path, $$"""{"{{field}}": null}""")).ShouldRefuse(400, "missing-field", "#/" + field);
    }

    [Fact]
    public async Task A_null_currency_is_the_default_one() =>
        (await Patched(AnOrder.Of("""["in-euro"]""", "\"currency\": \"EUR\""),
            """{"currency": null, "services": ["window"]}""")).String("currency").ShouldBe("USD");

    [Fact]
    public async Task A_customer_is_merged_member_by_member()
    {
        var after = await Patched(
            AnOrder.With(""" "customer": {"name": "Ada", "email": "a@example.com", "phone": "1"} """),
            """{"customer": {"email": null, "phone": "2"}}""");

        after.String("customer/name").ShouldBe("Ada");
        after.Raw("customer/email").ShouldBe("null");
        after.String("customer/phone").ShouldBe("2");
    }

    [Fact]
    public async Task A_customer_of_whom_nothing_is_left_is_none() =>
        (await Patched(AnOrder.With(""" "customer": {"name": "Ada"} """), """{"customer": {"name": null}}"""))
            .Raw("customer").ShouldBe("null");

    [Fact]
    public async Task Metadata_is_merged_key_by_key() =>
        (await Patched(AnOrder.With(""" "metadata": {"a": "1", "b": "2", "c": "3"} """),
            """{"metadata": {"b": null, "c": "4", "d": "5", "e": null}}"""))
            .Raw("metadata").ShouldBe("""{"a":"1","c":"4","d":"5"}""");

    [Fact]
    public async Task Metadata_may_not_grow_past_its_limit_by_merging()
    {
        var fifty = string.Join(",", Enumerable.Range(0, 50).Select(i => $"\"k{i}\": \"\""));
        var path = await server.PlaceOldAsync(AnOrder.With($"\"metadata\": {{{fifty}}}"));

        (await _api.PatchAsync(path, """{"metadata": {"one-more": ""}}"""))
            .ShouldRefuse(422, "invalid-count", "#/metadata");
        (await _api.PatchAsync(path, """{"metadata": {"one-more": "", "k0": null}}""")).ShouldBe(200);
    }

    [Fact]
    public async Task Lines_are_replaced_as_a_whole() =>
        (await Patched(AnOrder.Of("""["deep-clean", "window"]"""), """{"services": ["window"]}"""))
            .Raw("services").ShouldBe("""[{"id":"window","name":"Window cleaning","quantity":1,"fee":20}]""");

    [Fact]
    public async Task New_lines_leave_a_stated_total_as_it_is()
    {
        var after = await Patched(AnOrder.With("\"totalfee\": 100"), """{"services": ["window"]}""");

        after.Raw("totalfee").ShouldBe("100");
        after.Raw("adjustment").ShouldBe("80");
    }

    [Fact]
    public async Task New_lines_give_a_computed_total_anew()
    {
        var after = await Patched(AnOrder.Least, """{"services": [{"id": "window", "quantity": 3}]}""");

        after.Raw("totalfee").ShouldBe("60");
        after.Raw("adjustment").ShouldBe("0");
    }

    [Fact]
    public async Task A_null_total_is_computed_and_stays_so()
    {
        var path = await server.PlaceOldAsync(AnOrder.With("\"totalfee\": 100"));

        (await _api.PatchAsync(path, """{"totalfee": null}""")).ShouldBe(200).Raw("totalfee").ShouldBe("59.95");
        (await _api.PatchAsync(path, """{"services": ["window"]}""")).ShouldBe(200).Raw("totalfee").ShouldBe("20");
    }

    [Fact]
    public async Task A_null_total_where_a_fee_is_unknown_is_asked_for()
    {
        var path = await server.PlaceOldAsync(AnOrder.Of("""["unpriced"]""", "\"totalfee\": 5"));

        (await _api.PatchAsync(path, """{"totalfee": null}""")).ShouldRefuse(422, "totalfee-required", "#/totalfee");
    }

    [Fact]
    public async Task A_total_that_was_computed_is_not_carried_into_another_currency()
    {
        var path = await server.PlaceOldAsync();

        (await _api.PatchAsync(path, """{"currency": "EUR"}""")).ShouldRefuse(422, "totalfee-required", "#/totalfee");
        (await _api.PatchAsync(path, """{"currency": "EUR", "totalfee": null}"""))
            .ShouldRefuse(422, "totalfee-required", "#/totalfee");
        (await _api.PatchAsync(path, """{"currency": "USD"}""")).ShouldBe(200).Version.ShouldBe(1);
    }

    [Fact]
    public async Task Fees_of_lines_are_unknown_in_another_currency_and_a_stated_total_stays()
    {
        var after = await Patched(AnOrder.With("\"totalfee\": 70"), """{"currency": "EUR"}""");

        after.Raw("totalfee").ShouldBe("70");
        after.Raw("services/0/fee").ShouldBe("null");
        after.Raw("adjustment").ShouldBe("null");
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/json-patch+json")]
    [InlineData("application/merge-patch+json; charset=iso-8859-1")]
    [InlineData("text/plain")]
    [InlineData("")]
    public async Task Another_media_type_is_refused_with_the_one_that_is_taken(string mediaType)
    {
        var path = await server.PlaceOldAsync();
        var reply = await _api.PatchAsync(path, "{}", ("Content-Type", mediaType));

        reply.ShouldRefuse(415, "unsupported-media-type").Header("Accept-Patch")
            .ShouldBe("application/merge-patch+json");
    }

    [Theory]
    [InlineData("""{"notse": "x"}""", 400, "unknown-field", "#/notse")]
    [InlineData("""{"notes": "x", "notes": "y"}""", 400, "duplicate-field", "#/notes")]
    [InlineData("""{"notes": 5}""", 400, "wrong-type", "#/notes")]
    [InlineData("""{"metadata": {"a": 5}}""", 400, "wrong-type", "#/metadata/a")]
    [InlineData("""{"customer": {"nick": null}}""", 400, "unknown-field", "#/customer/nick")]
    [InlineData("""{"datetime": "today"}""", 400, "invalid-time", "#/datetime")]
    [InlineData("[]", 400, "wrong-type", "#")]
    [InlineData("""{"services": []}""", 422, "invalid-count", "#/services")]
    [InlineData("""{"services": [{"id": "nope"}]}""", 422, "unknown-service", "#/services/0/id")]
    [InlineData("""{"totalfee": -1}""", 422, "out-of-range", "#/totalfee")]
    [InlineData("""{"reference": ""}""", 422, "invalid-length", "#/reference")]
    public async Task A_patch_is_read_as_strictly_as_an_order(string patch, int status, string code, string pointer)
    {
        var path = await server.PlaceOldAsync();

        (await _api.PatchAsync(path, patch)).ShouldRefuse(status, code, pointer);
        (await _api.GetAsync(path)).Version.ShouldBe(1);
    }

    [Fact]
    public async Task An_order_that_is_not_there_can_not_be_patched() =>
        (await _api.PatchAsync("/orders/019ab2c3-0000-7000-8000-000000000000", "{}"))
            .ShouldRefuse(404, "order-not-found");
}
