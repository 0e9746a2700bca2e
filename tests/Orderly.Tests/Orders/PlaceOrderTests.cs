using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>POST /orders where all is well.</summary>
public sealed class PlaceOrderTests(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly Api _api = server.Api;

    [Fact]
    public async Task An_order_is_answered_with_201_its_address_its_tag_and_itself()
    {
        var placed = (await _api.PostAsync("/orders", AnOrder.Least)).ShouldBe(201);

        placed.Header("Content-Type").ShouldBe("application/json");
        placed.Header("ETag").ShouldBe("\"v1\"");
        placed.Header("Location").ShouldBe("/orders/" + placed.Id);
        placed.Header("Cache-Control").ShouldBe("private, no-cache");
        placed.Header("Vary").ShouldBe("X-Api-Key, Authorization");
        placed.Json.EnumerateObject().Select(member => member.Name).ShouldBe(
        [
            "id", "number", "status", "nextStatuses", "datetime", "totalfee", "currency", "services", "adjustment",
            "reference", "metadata", "customer", "notes", "team", "version", "createdAt", "createdBy", "updatedAt",
            "updatedBy", "updatableFrom",
        ], ignoreOrder: true);
        placed.String("status").ShouldBe("placed");
        placed.Raw("nextStatuses").ShouldBe("""["confirmed","cancelled"]""");
        placed.Version.ShouldBe(1);
        placed.String("team").ShouldBe("internal");
        placed.String("createdBy").ShouldBe("bootstrap");
        placed.String("updatedBy").ShouldBe("bootstrap");
        placed.String("updatedAt").ShouldBe(placed.String("createdAt"));
        (placed.At("updatableFrom").GetDateTime() - placed.At("createdAt").GetDateTime())
            .ShouldBe(TimeSpan.FromHours(3));
    }

    [Fact]
    public async Task The_address_of_a_new_order_answers_with_the_same_bytes_and_tag()
    {
        var placed = await _api.PostAsync("/orders", AnOrder.With(
            """ "customer": {"name": "Ada", "email": "ada@example.com", "phone": "+44 1"}, "notes": "At noon" """));
        var read = (await _api.GetAsync(placed.Header("Location")!)).ShouldBe(200);

        read.Text.ShouldBe(placed.Text);
        read.Header("ETag").ShouldBe(placed.Header("ETag"));
    }

    [Fact]
    public async Task Every_optional_field_comes_back_as_it_was_given()
    {
        var placed = (await _api.PostAsync("/orders", AnOrder.Of(
            """[{"id": "deep-clean", "quantity": 2, "fee": 59.950, "name": "Spring clean"}]""",
            """
            "totalfee": 149.90, "currency": "EUR", "reference": "PO-7781",
            "customer": {"name": "Zoë 🙂", "email": "zoe@example.com", "phone": "+49 30 1"}, "notes": "a\nb \"c\" <d>",
            "metadata": {"region": "eu", "a/b~c": "ü"}
            """))).ShouldBe(201);

        placed.Raw("services").ShouldBe("""[{"id":"deep-clean","name":"Spring clean","quantity":2,"fee":59.950}]""");
        placed.Raw("totalfee").ShouldBe("149.90");
        placed.String("currency").ShouldBe("EUR");
        placed.Raw("adjustment").ShouldBe("30.000");
        placed.String("reference").ShouldBe("PO-7781");
        placed.String("customer/name").ShouldBe("Zoë 🙂");
        placed.String("customer/email").ShouldBe("zoe@example.com");
        placed.String("customer/phone").ShouldBe("+49 30 1");
        placed.String("notes").ShouldBe("a\nb \"c\" <d>");
        placed.At("metadata").GetProperty("region").GetString().ShouldBe("eu");
        placed.At("metadata").GetProperty("a/b~c").GetString().ShouldBe("ü");
    }

    [Fact]
    public async Task Optional_fields_that_are_left_out_or_null_are_empty()
    {
        var placed = (await _api.PostAsync("/orders", AnOrder.With(
            """
            "totalfee": null, "currency": null, "reference": null, "customer": null, "notes": null, "metadata": null,
            "id": null, "number": null, "version": null
            """))).ShouldBe(201);

        placed.Raw("totalfee").ShouldBe("59.95");
        placed.String("currency").ShouldBe("USD");
        placed.Raw("reference").ShouldBe("null");
        placed.Raw("customer").ShouldBe("null");
        placed.Raw("notes").ShouldBe("null");
        placed.Raw("metadata").ShouldBe("{}");
    }

    [Fact]
    public async Task A_line_may_be_just_the_id_and_then_has_the_record_s_name_and_fee_once()
    {
        var placed = await _api.PostAsync("/orders", AnOrder.Of("""["window", {"id": "window"}]"""));

        placed.ShouldBe(201).Raw("services").ShouldBe(
            """[{"id":"window","name":"Window cleaning","quantity":1,"fee":20},"""
            + """{"id":"window","name":"Window cleaning","quantity":1,"fee":20}]""");
    }

    [Theory]
    [InlineData("""["deep-clean"]""", "59.95", "0.00")]
    [InlineData("""[{"id": "deep-clean", "quantity": 2}, "window"]""", "139.90", "0.00")]
    [InlineData("""[{"id": "window", "quantity": 3}]""", "60", "0")]
    [InlineData("""[{"id": "unpriced", "fee": 0.0001, "quantity": 1000000}]""", "100.0000", "0.0000")]
    [InlineData("""[{"id": "in-euro", "fee": 7}]""", "7", "0")]
    [InlineData("""[{"id": "window", "fee": 0}]""", "0", "0")]
    public async Task A_total_that_is_left_out_is_the_sum_of_quantity_times_fee(
        string services, string total, string adjustment)
    {
        var placed = (await _api.PostAsync("/orders", AnOrder.Of(services))).ShouldBe(201);

        placed.Raw("totalfee").ShouldBe(total);
        placed.Raw("adjustment").ShouldBe(adjustment);
    }

    [Theory]
    [InlineData("100", "40.05")]
    [InlineData("59.95", "0.00")]
    [InlineData("0", "-59.95")]
    [InlineData("59.9500", "0.0000")]
    public async Task A_total_that_is_given_stands_and_the_difference_is_shown(string total, string adjustment)
    {
        var placed = (await _api.PostAsync("/orders", AnOrder.With($"\"totalfee\": {total}"))).ShouldBe(201);

        placed.Raw("totalfee").ShouldBe(total);
        placed.Raw("adjustment").ShouldBe(adjustment);
    }

    [Theory]
    [InlineData("\"unpriced\"")]
    [InlineData("\"in-euro\"")]
    public async Task Where_a_fee_is_unknown_a_given_total_stands_and_the_adjustment_is_unknown(string line)
    {
        var placed = (await _api.PostAsync("/orders", AnOrder.Of($"[{line}]", "\"totalfee\": 12.5"))).ShouldBe(201);

        placed.Raw("totalfee").ShouldBe("12.5");
        placed.Raw("adjustment").ShouldBe("null");
        placed.Raw("services/0/fee").ShouldBe("null");
    }

    [Theory]
    [InlineData("19.90", "19.90")]
    [InlineData("0", "0")]
    [InlineData("0.0000", "0.0000")]
    [InlineData("-0", "0")]
    [InlineData("-0.00", "0.00")]
    [InlineData("1e2", "100")]
    [InlineData("1.5E+1", "15")]
    [InlineData("25e-1", "2.5")]
    [InlineData("1.2345", "1.2345")]
    [InlineData("999999999999999", "999999999999999")]
    [InlineData("99999999999.9999", "99999999999.9999")]
    public async Task Money_comes_back_exactly_with_its_scale(string sent, string back)
    {
        var placed = (await _api.PostAsync("/orders", AnOrder.With($"\"totalfee\": {sent}"))).ShouldBe(201);

        placed.Raw("totalfee").ShouldBe(back);
        (await _api.GetAsync("/orders/" + placed.Id)).Raw("totalfee").ShouldBe(back);
    }

    [Theory]
    [InlineData("2026-11-23T09:30:00Z", "2026-11-23T09:30:00Z")]
    [InlineData("2026-11-23T10:30:00+01:00", "2026-11-23T09:30:00Z")]
    [InlineData("2026-11-22T23:45:00-09:45", "2026-11-23T09:30:00Z")]
    [InlineData("2026-11-23t09:30:00z", "2026-11-23T09:30:00Z")]
    [InlineData("2026-11-23T09:30:00.5Z", "2026-11-23T09:30:00.5Z")]
    [InlineData("2026-11-23T09:30:00.120000Z", "2026-11-23T09:30:00.12Z")]
    [InlineData("2026-11-23T09:30:00.123456789Z", "2026-11-23T09:30:00.123456Z")]
    [InlineData("2024-02-29T00:00:00-00:00", "2024-02-29T00:00:00Z")]
    [InlineData("1900-01-01T00:00:00Z", "1900-01-01T00:00:00Z")]
    [InlineData("2200-12-31T23:59:59.999999Z", "2200-12-31T23:59:59.999999Z")]
    public async Task Times_come_back_in_utc_to_the_microsecond(string sent, string back)
    {
        var placed = (await _api.PostAsync("/orders", AnOrder.At($"\"{sent}\""))).ShouldBe(201);

        placed.String("datetime").ShouldBe(back);
        (await _api.GetAsync("/orders/" + placed.Id)).String("datetime").ShouldBe(back);
    }

    [Fact]
    public async Task Two_hundred_lines_of_a_million_each_are_taken()
    {
        var placed = (await _api.PostAsync("/orders", AnOrder.Of(AnOrder.Lines(
            200, """{"id": "window", "quantity": 1000000, "fee": 0.01}""")))).ShouldBe(201);

        placed.At("services").GetArrayLength().ShouldBe(200);
        placed.Raw("totalfee").ShouldBe("2000000.00");
    }

    [Fact]
    public async Task Text_at_its_limit_counted_in_characters_is_taken()
    {
        var smile = string.Concat(Enumerable.Repeat("🙂", 100));
        var placed = (await _api.PostAsync("/orders", AnOrder.Of(
            $$"""[{"id": "window", "name": "{{smile}}{{smile}}"}]""",
            $$"""
            "reference": "{{smile}}", "notes": "{{new string('n', 4_000)}}",
            "customer": {"name": "{{smile}}{{smile}}", "email": "a@{{new string('e', 252)}}",
                         "phone": "{{new string('1', 50)}}"}
            """))).ShouldBe(201);

        placed.String("reference").ShouldBe(smile);
        placed.String("notes")!.Length.ShouldBe(4_000);
    }

    [Fact]
    public async Task Fifty_pairs_of_metadata_at_their_limits_are_taken()
    {
        var pairs = Enumerable.Range(10, 50).Select(i => $"\"{new string('k', 62)}{i}\": \"{new string('v', 512)}\"");
        var placed = await _api.PostAsync("/orders", AnOrder.With($"\"metadata\": {{{string.Join(",", pairs)}}}"));

        placed.ShouldBe(201).At("metadata").EnumerateObject().Count().ShouldBe(50);
    }

    [Fact]
    public async Task Ids_are_version_7_of_the_variant_of_rfc_9562_and_numbers_grow()
    {
        var first = await _api.PostAsync("/orders", AnOrder.Least);
        var second = await _api.PostAsync("/orders", AnOrder.Least);

        first.Id.ShouldMatch("^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$");
        second.Id.ShouldNotBe(first.Id);
        second.At("number").GetInt64().ShouldBeGreaterThan(first.At("number").GetInt64());
    }

    [Fact]
    public async Task A_media_type_in_capitals_with_a_charset_is_taken()
    {
        (await _api.PostAsync("/orders", AnOrder.Least, ("Content-Type", "Application/JSON; charset=UTF-8")))
            .ShouldBe(201);
        (await _api.PostAsync("/orders", AnOrder.Least, ("Content-Type", "application/json;charset=\"utf-8\"")))
            .ShouldBe(201);
    }

    [Fact]
    public async Task Escaped_names_are_the_names_they_stand_for()
    {
        var placed = await _api.PostAsync("/orders",
            """{"d\u0061tetime": "2026-11-23T09:30:00Z", "services": [{"\u0069d": "window"}]}""");

        placed.ShouldBe(201).String("services/0/id").ShouldBe("window");
    }
}
