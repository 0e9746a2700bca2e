using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>POST /orders where something is wrong: what is told, and that nothing is stored.</summary>
public sealed class PlaceOrderRefusalTests(RunningServer server) : IClassFixture<RunningServer>, IAsyncDisposable
{
    private readonly Api _api = server.Api;

    /// <summary>Each test of this class is about a refusal, after which there must be nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        (await server.Database.SingleAsync<long>("select count(*) from orders")).ShouldBe(0);
        (await server.Database.SingleAsync<long>("select count(*) from order_references")).ShouldBe(0);
        (await server.Database.SingleAsync<long>("select count(*) from revisions")).ShouldBe(0);
        (await server.Database.SingleAsync<long>($"select count(*) from {TestDatabase.Logged}")).ShouldBe(0);
    }

    private async Task Refuses(string json, int status, string code, string pointer) =>
        (await _api.PostAsync("/orders", json)).ShouldRefuse(status, code, pointer);

    [Theory]
    [InlineData("""{"services": ["window"]}""", "#/datetime")]
    [InlineData("""{"datetime": null, "services": ["window"]}""", "#/datetime")]
    [InlineData("""{"datetime": "2026-11-23T09:30:00Z"}""", "#/services")]
    [InlineData("""{"datetime": "2026-11-23T09:30:00Z", "services": null}""", "#/services")]
    [InlineData("""{"datetime": "2026-11-23T09:30:00Z", "services": [{"quantity": 1}]}""", "#/services/0/id")]
    [InlineData("""{"datetime": "2026-11-23T09:30:00Z", "services": [{"id": null}]}""", "#/services/0/id")]
    public Task A_required_field_that_is_absent_or_null_is_missing(string json, string pointer) =>
        Refuses(json, 400, "missing-field", pointer);

    [Theory]
    [InlineData("[]", "#")]
    [InlineData("null", "#")]
    [InlineData("\"text\"", "#")]
    [InlineData("1", "#")]
    public Task A_body_that_is_no_object_has_the_wrong_type(string json, string pointer) =>
        Refuses(json, 400, "wrong-type", pointer);

    [Theory]
    [InlineData("\"totalfee\": \"5\"", "#/totalfee")]
    [InlineData("\"totalfee\": true", "#/totalfee")]
    [InlineData("\"totalfee\": [1]", "#/totalfee")]
    [InlineData("\"currency\": 1", "#/currency")]
    [InlineData("\"reference\": 1", "#/reference")]
    [InlineData("\"notes\": {}", "#/notes")]
    [InlineData("\"customer\": \"Ada\"", "#/customer")]
    [InlineData("\"customer\": {\"name\": 1}", "#/customer/name")]
    [InlineData("\"customer\": {\"email\": false}", "#/customer/email")]
    [InlineData("\"customer\": {\"phone\": 1}", "#/customer/phone")]
    [InlineData("\"metadata\": []", "#/metadata")]
    [InlineData("\"metadata\": {\"a\": 1}", "#/metadata/a")]
    [InlineData("\"metadata\": {\"a/b~c d\": {}}", "#/metadata/a~1b~0c%20d")]
    public Task A_value_of_another_json_type_is_the_wrong_type(string member, string pointer) =>
        Refuses(AnOrder.With(member), 400, "wrong-type", pointer);

    [Theory]
    [InlineData("\"deep-clean\"", "#/services")]
    [InlineData("{}", "#/services")]
    [InlineData("[1]", "#/services/0")]
    [InlineData("[null]", "#/services/0")]
    [InlineData("[\"window\", []]", "#/services/1")]
    [InlineData("""[{"id": 1}]""", "#/services/0/id")]
    [InlineData("""[{"id": "window", "quantity": "1"}]""", "#/services/0/quantity")]
    [InlineData("""[{"id": "window", "quantity": 1.5}]""", "#/services/0/quantity")]
    [InlineData("""[{"id": "window", "fee": "1"}]""", "#/services/0/fee")]
    [InlineData("""[{"id": "window", "name": 1}]""", "#/services/0/name")]
    public Task A_line_of_another_json_type_is_the_wrong_type(string services, string pointer) =>
        Refuses(AnOrder.Of(services), 400, "wrong-type", pointer);

    [Theory]
    [InlineData("2026-11-23T09:30:00")]
    [InlineData("2026-11-23 09:30:00Z")]
    [InlineData("2026-11-23")]
    [InlineData("2026-11-23T09:30Z")]
    [InlineData("2026-11-23T09:30:60Z")]
    [InlineData("2016-12-31T23:59:60Z")]
    [InlineData("2026-02-29T09:30:00Z")]
    [InlineData("2026-13-01T09:30:00Z")]
    [InlineData("2026-11-23T24:00:00Z")]
    [InlineData("2026-11-23T09:30:00.Z")]
    [InlineData("2026-11-23T09:30:00.1234567890Z")]
    [InlineData("2026-11-23T09:30:00+1:00")]
    [InlineData("2026-11-23T09:30:00+24:00")]
    [InlineData("2026-11-23T09:30:00+0100")]
    [InlineData("2026-11-23T09:30:00 Z")]
    [InlineData(" 2026-11-23T09:30:00Z")]
    [InlineData("0000-01-01T00:00:00Z")]
    [InlineData("0001-01-01T00:00:00+01:00")]
    [InlineData("9999-12-31T23:59:59-01:00")]
    [InlineData("now")]
    [InlineData("")]
    public Task What_is_not_a_time_with_an_offset_is_refused(string datetime) =>
        Refuses(AnOrder.At($"\"{datetime}\""), 400, "invalid-time", "#/datetime");

    [Theory]
    [InlineData("1899-12-31T23:59:59.999999Z")]
    [InlineData("1900-01-01T00:30:00+01:00")]
    [InlineData("2201-01-01T00:00:00Z")]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59Z")]
    public Task A_time_before_1900_or_after_2200_is_out_of_range(string datetime) =>
        Refuses(AnOrder.At($"\"{datetime}\""), 422, "out-of-range", "#/datetime");

    [Theory]
    [InlineData("0.00001", 422, "too-precise")]
    [InlineData("1.00000", 422, "too-precise")]
    [InlineData("1000000000000000", 422, "too-precise")]
    [InlineData("999999999999.9999", 422, "too-precise")]
    [InlineData("0.1e-4", 422, "too-precise")]
    [InlineData("1e-400", 422, "too-precise")]
    [InlineData("1e-99999999999999999999", 422, "too-precise")]
    [InlineData("1e15", 422, "too-precise")]
    [InlineData("-1", 422, "out-of-range")]
    [InlineData("-0.0001", 422, "out-of-range")]
    [InlineData("1e400", 400, "number-out-of-range")]
    [InlineData("-1e400", 400, "number-out-of-range")]
    [InlineData("1e99999999999999999999", 400, "number-out-of-range")]
    public async Task Money_that_is_too_long_too_large_or_negative_is_refused(string number, int status, string code)
    {
        await Refuses(AnOrder.With($"\"totalfee\": {number}"), status, code, "#/totalfee");
        await Refuses(AnOrder.Of($$"""[{"id": "window", "fee": {{number}}}]"""), status, code, "#/services/0/fee");
    }

    [Theory]
    [InlineData("0", 422, "out-of-range")]
    [InlineData("-1", 422, "out-of-range")]
    [InlineData("1000001", 422, "out-of-range")]
    [InlineData("1e400", 400, "number-out-of-range")]
    public Task A_quantity_outside_1_to_a_million_is_refused(string quantity, int status, string code) =>
        Refuses(AnOrder.Of($$"""[{"id": "window", "quantity": {{quantity}}}]"""), status, code,
            "#/services/0/quantity");

    [Fact]
    public async Task No_line_and_more_than_200_lines_are_refused()
    {
        await Refuses(AnOrder.Of("[]"), 422, "invalid-count", "#/services");
        await Refuses(AnOrder.Of(AnOrder.Lines(201)), 422, "invalid-count", "#/services");
    }

    [Theory]
    [InlineData("reference", 101, "#/reference")]
    [InlineData("notes", 4_001, "#/notes")]
    [InlineData("reference", 0, "#/reference")]
    public Task Text_outside_its_limits_is_refused(string field, int length, string pointer) =>
        Refuses(AnOrder.With($"\"{field}\": \"{new string('x', length)}\""), 422, "invalid-length", pointer);

    [Theory]
    [InlineData("name", 201)]
    [InlineData("phone", 51)]
    [InlineData("name", 0)]
    [InlineData("phone", 0)]
    public Task A_customer_s_text_outside_its_limits_is_refused(string field, int length) => Refuses(
        AnOrder.With($$"""  "customer": {"{{field}}": "{{new string('x', length)}}"}  """), 422, "invalid-length",
        "#/customer/" + field);

    [Fact]
    public async Task A_reference_is_counted_in_characters_not_in_utf_16_units()
    {
        var smiles = string.Concat(Enumerable.Repeat("🙂", 101));
        await Refuses(AnOrder.With($"\"reference\": \"{smiles}\""), 422, "invalid-length", "#/reference");
    }

    [Theory]
    [InlineData("ada")]
    [InlineData("@example.com")]
    [InlineData("ada@")]
    [InlineData("a@b@c")]
    [InlineData("a da@example.com")]
    public Task What_is_no_e_mail_address_is_refused(string email) => Refuses(
        AnOrder.With($$"""  "customer": {"email": "{{email}}"}  """), 422, "invalid-value", "#/customer/email");

    [Fact]
    public async Task Metadata_past_its_limits_is_refused()
    {
        var pairs = string.Join(",", Enumerable.Range(0, 51).Select(i => $"\"k{i}\": \"\""));
        await Refuses(AnOrder.With($"\"metadata\": {{{pairs}}}"), 422, "invalid-count", "#/metadata");
        await Refuses(AnOrder.With($$"""  "metadata": {"{{new string('k', 65)}}": ""}  """),
            422, "invalid-length", "#/metadata");
        await Refuses(AnOrder.With("""  "metadata": {"": "empty"}  """), 422, "invalid-length", "#/metadata");
        await Refuses(AnOrder.With($$"""  "metadata": {"k": "{{new string('v', 513)}}"}  """),
            422, "invalid-length", "#/metadata/k");
    }

    [Theory]
    [InlineData("XYZ")]
    [InlineData("usd")]
    [InlineData("US")]
    [InlineData("")]
    [InlineData("XXX")]
    public Task A_currency_that_iso_4217_does_not_list_is_refused(string currency) =>
        Refuses(AnOrder.With($"\"currency\": \"{currency}\""), 422, "unknown-currency", "#/currency");

    [Theory]
    [InlineData("""["unpriced"]""", "\"totalfee\": -5", "#/totalfee out-of-range")]
    [InlineData("""[{"id": "unpriced", "fee": -5}]""", "", "#/services/0/fee out-of-range")]
    [InlineData("""["in-euro"]""", "\"currency\": \"eur\"", "#/currency unknown-currency")]
    [InlineData("""[""]""", "", "#/services/0 invalid-length")]
    [InlineData("""["nope"]""", "", "#/services/0 unknown-service")]
    public async Task A_total_is_not_asked_for_where_what_it_hangs_on_is_refused_already(
        string services, string members, string fault) =>
        (await _api.PostAsync("/orders", AnOrder.Of(services, members))).ShouldBe(422).Faults.ShouldBe([fault]);

    [Theory]
    [InlineData("""["nope"]""", "unknown-service", "#/services/0")]
    [InlineData("""["window", {"id": "Window"}]""", "unknown-service", "#/services/1/id")]
    [InlineData("""[{"id": "retired"}]""", "retired-service", "#/services/0/id")]
    [InlineData("""["window", "retired"]""", "retired-service", "#/services/1")]
    public Task A_service_record_that_is_not_there_or_retired_is_refused_where_it_is_named(
        string services, string code, string pointer) => Refuses(AnOrder.Of(services), 422, code, pointer);

    [Theory]
    [InlineData("\"unpriced\"")]
    [InlineData("\"in-euro\"")]
    public Task Where_a_fee_is_unknown_a_total_is_asked_for(string line) =>
        Refuses(AnOrder.Of($"[\"window\", {line}]"), 422, "totalfee-required", "#/totalfee");

    [Fact]
    public async Task A_sum_of_more_than_15_digits_is_refused_even_where_a_total_is_given()
    {
        const string line = """[{"id": "window", "fee": 999999999999999, "quantity": 2}]""";
        await Refuses(AnOrder.Of(line), 422, "out-of-range", "#/services");
        await Refuses(AnOrder.Of(line, "\"totalfee\": 1"), 422, "out-of-range", "#/services");
        await Refuses(AnOrder.Of("""[{"id": "window", "fee": 99999999999.9999, "quantity": 11}]"""),
            422, "out-of-range", "#/services");
    }

    [Theory]
    [InlineData("id", "\"019ab2c3-0000-7000-8000-000000000000\"")]
    [InlineData("number", "1")]
    [InlineData("status", "\"placed\"")]
    [InlineData("nextStatuses", "[]")]
    [InlineData("adjustment", "0")]
    [InlineData("team", "\"internal\"")]
    [InlineData("version", "1")]
    [InlineData("createdAt", "\"2026-11-23T09:30:00Z\"")]
    [InlineData("createdBy", "\"bootstrap\"")]
    [InlineData("updatedAt", "\"2026-11-23T09:30:00Z\"")]
    [InlineData("updatedBy", "\"bootstrap\"")]
    [InlineData("updatableFrom", "\"2026-11-23T09:30:00Z\"")]
    public Task A_new_order_has_no_read_only_field_to_send_back(string field, string value) =>
        Refuses(AnOrder.With($"\"{field}\": {value}"), 422, "read-only-field", "#/" + field);

    [Theory]
    [InlineData("total_fee", "totalfee")]
    [InlineData("totalFee", "totalfee")]
    [InlineData("dateTime", "datetime")]
    [InlineData("servises", "services")]
    [InlineData("note", "notes")]
    public async Task An_unknown_field_is_refused_with_the_name_that_was_meant(string sent, string meant)
    {
        var reply = await _api.PostAsync("/orders", AnOrder.With($"\"{sent}\": null"));

        reply.ShouldRefuse(400, "unknown-field", "#/" + sent);
        reply.String("errors/0/detail")!.ShouldContain($"Did you mean \"{meant}\"?");
    }

    [Fact]
    public async Task Of_very_many_faults_a_hundred_are_told_and_that_there_may_be_more()
    {
        var lines = string.Join(", ", Enumerable.Repeat("""{"idd": 1}""", 101));

        var reply = await _api.PostAsync("/orders", $$"""{"datetime": "x", "services": [{{lines}}]}""");

        reply.ShouldBe(400).Faults.Count.ShouldBe(100);
        reply.String("detail")!.ShouldContain("there may be more");
    }

    [Fact]
    public async Task An_unknown_field_that_is_like_no_other_is_refused_without_a_guess()
    {
        var reply = await _api.PostAsync("/orders", AnOrder.With("\"somethingElse\": 1"));

        reply.ShouldRefuse(400, "unknown-field", "#/somethingElse");
        reply.Text.ShouldNotContain("Did you mean");
    }

    [Theory]
    [InlineData("""[{"id": "window", "price": 1}]""", "#/services/0/price")]
    [InlineData("""["window", {"id": "window", "ID": "window"}]""", "#/services/1/ID")]
    public Task An_unknown_field_of_a_line_is_refused(string services, string pointer) =>
        Refuses(AnOrder.Of(services), 400, "unknown-field", pointer);

    [Theory]
    [InlineData("\"notes\": \"a\", \"notes\": \"a\"", "#/notes")]
    [InlineData("\"notes\": \"a\", \"n\\u006ftes\": \"b\"", "#/notes")]
    [InlineData("\"notes\": null, \"notes\": \"b\"", "#/notes")]
    [InlineData("\"customer\": {\"name\": \"a\", \"name\": \"b\"}", "#/customer/name")]
    [InlineData("\"metadata\": {\"a\": \"1\", \"\\u0061\": \"1\"}", "#/metadata/a")]
    [InlineData("\"version\": null, \"version\": null", "#/version")]
    public Task A_field_that_stands_twice_is_refused(string members, string pointer) =>
        Refuses(AnOrder.With(members), 400, "duplicate-field", pointer);

    [Fact]
    public async Task All_that_keeps_a_body_from_being_read_is_told_at_once()
    {
        var reply = await _api.PostAsync("/orders",
            """
            {"datetime": "tomorrow", "totalfee": "5", "notse": "x", "currency": 1, "currency": "XYZ",
             "services": [{"quantity": "2"}, 5, {"id": "nope", "fee": -1}]}
            """);

        reply.ShouldRefuse(400, "invalid-body").Faults.ShouldBe(
        [
            "#/notse unknown-field", "#/currency duplicate-field", "#/datetime invalid-time",
            "#/totalfee wrong-type", "#/currency wrong-type", "#/services/0/quantity wrong-type",
            "#/services/0/id missing-field", "#/services/1 wrong-type",
        ], ignoreOrder: true);
    }

    [Fact]
    public async Task All_that_makes_a_body_unacceptable_is_told_at_once()
    {
        var reply = await _api.PostAsync("/orders", AnOrder.At("\"1800-01-01T00:00:00Z\"",
            """[{"id": "nope", "quantity": 0}, "retired", "unpriced"]""",
            """ "currency": "XYZ", "reference": "", "customer": {"email": "x"}, "id": "x", "version": 3 """));

        reply.ShouldRefuse(422, "unacceptable").Faults.ShouldBe(
        [
            "#/datetime out-of-range", "#/services/0/quantity out-of-range", "#/services/0/id unknown-service",
            "#/services/1 retired-service", "#/currency unknown-currency", "#/reference invalid-length",
            "#/customer/email invalid-value", "#/id read-only-field", "#/version read-only-field",
            "#/totalfee totalfee-required",
        ], ignoreOrder: true);
    }
}
