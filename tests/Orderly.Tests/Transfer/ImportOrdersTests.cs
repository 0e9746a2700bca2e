using System.Globalization;
using System.Text;
using System.Text.Json;
using Orderly.Tests.Harness;
using static Orderly.Tests.Transfer.ImportReply;

namespace Orderly.Tests.Transfer;

/// <summary>POST /orders/import: all or none, or each row; what is refused, and what is stored.</summary>
public sealed class ImportOrdersTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const string NdJson = "application/x-ndjson";
    private const string Csv = "text/csv";
    private const int MoreThanThePoolHas = 5;
    private readonly Api _api = server.Api;

    [Theory]
    [InlineData("atomic")]
    [InlineData("each")]
    public async Task Imported_orders_are_orders_like_any_other(string mode)
    {
        var reply = (await ImportAsync($"mode={mode}", NdJson,
            AnOrder.With($"\"reference\": \"{mode}-1\", \"notes\": \"n\", \"createdAt\": \"2020-02-03T04:05:06Z\""),
            "", AnOrder.Of("[{\"id\": \"window\", \"quantity\": 3}]", $"\"metadata\": {{\"import\": \"{mode}\"}}")))
            .ShouldBe(200);
        Counts(reply).ShouldBe((2, 2, 0));
        reply.At("errors").GetArrayLength().ShouldBe(0);

        var first = (await _api.GetAsync($"/orders?reference={mode}-1")).At("data/0");
        first.GetProperty("createdAt").GetString().ShouldBe("2020-02-03T04:05:06Z");
        first.GetProperty("totalfee").GetRawText().ShouldBe("59.95");
        var second = (await _api.GetAsync($"/orders?metadata.import={mode}")).At("data/0");
        second.GetProperty("services").GetRawText().ShouldBe(
            """[{"id":"window","name":"Window cleaning","quantity":3,"fee":20}]""");
        foreach (var id in new[] { first, second }.Select(order => order.GetProperty("id").GetString()!))
        {
            var revisions = (await _api.GetAsync($"/orders/{id}/revisions")).At("data");
            revisions.EnumerateArray().ShouldHaveSingleItem().GetProperty("type").GetString().ShouldBe("order.placed");
            (await server.Database.SingleAsync<long>(
                $"select count(*) from {TestDatabase.Logged} where order_id = $1", Guid.Parse(id))).ShouldBe(1);
            (await server.Database.SingleAsync<bool>(
                "select r.hash = revision_hash($2, o.order_id, o.number, o.team, o.created_at, o.created_by, "
                + "r.version, r.write_id, r.kind, r.recorded_at, r.actor, r.reason, r.status, r.deleted, "
                + "r.totalfee_stated, r.content, r.personal_commitment) "
                + "and r.personal_commitment is not distinct from sha256(r.personal_salt || r.personal) "
                + "and o.totalfee::text = r.content::json ->> 'totalfee' and r.recorded_at = o.updated_at "
                + "from orders o join revisions r using (order_id) where order_id = $1",
                Guid.Parse(id), new byte[32])).ShouldBeTrue();
        }

        (await _api.PostAsync("/orders", AnOrder.With($"\"reference\": \"{mode}-1\"")))
            .ShouldRefuse(409, "reference-taken");
    }

    [Fact]
    public async Task Each_stores_the_good_rows_and_tells_every_fault_of_the_others()
    {
        await _api.PlaceAsync(AnOrder.With("\"reference\": \"there-already\""));
        var reply = (await ImportAsync("mode=each", NdJson,
            AnOrder.With("\"reference\": \"each-good\""),
            "{\"datetime\": 1, \"servicez\": []}",
            "not json",
            AnOrder.Of("[\"no-such\", \"retired\"]"),
            AnOrder.With("\"reference\": \"there-already\""),
            AnOrder.With("\"reference\": \"each-good\""),
            AnOrder.With("\"status\": \"confirmed\""),
            AnOrder.With("\"createdAt\": \"2999-01-01T00:00:00Z\""))).ShouldBe(200);
        Counts(reply).ShouldBe((8, 1, 7));
        Errors(reply).ShouldBe(
        [
            "2 #/datetime wrong-type", "2 #/services missing-field", "2 #/servicez unknown-field",
            "3 # malformed-json", "4 #/services/0 unknown-service", "4 #/services/1 retired-service",
            "5 #/reference duplicate", "6 #/reference duplicate", "7 #/status read-only-field",
            "8 #/createdAt out-of-range",
        ], ignoreOrder: true);
        (await FindAsync("each-good")).ShouldBe(1);
    }

    [Fact]
    public async Task Atomic_begins_though_its_connection_broke_while_it_rested()
    {
        (await ImportAsync("", NdJson, AnOrder.Least)).ShouldBe(200);
        for (var i = 0; i < MoreThanThePoolHas; i++)
        {
            await server.AfterBreakAsync("orderly-import",
                async () => (await ImportAsync("", NdJson, AnOrder.Least)).ShouldBe(200));
        }
    }

    [Theory]
    [InlineData("not json", "2 # malformed-json")]
    [InlineData("{}", "2 #/datetime missing-field", "2 #/services missing-field")]
    [InlineData("""{"datetime": "2026-11-23T09:30:00Z", "services": ["window"], "reference": "whole-1"}""",
        "2 #/reference duplicate")]
    public async Task Atomic_stores_nothing_where_one_row_is_refused(string bad, params string[] errors)
    {
        var reply = (await ImportAsync("", NdJson, AnOrder.With("\"reference\": \"whole-1\""), bad,
            AnOrder.With("\"reference\": \"whole-3\""))).ShouldRefuse(422, "import-refused");
        Counts(reply).ShouldBe((3, 0, 1));
        Errors(reply).ShouldBe(errors, ignoreOrder: true);
        (await FindAsync("whole-1")).ShouldBe(0);
        (await FindAsync("whole-3")).ShouldBe(0);
    }

    [Fact]
    public async Task An_import_that_is_sent_again_places_nothing_twice()
    {
        var rows = Enumerable.Range(0, 2_500).Select(i => AnOrder.With($"\"reference\": \"again-{i}\"")).ToArray();
        Counts((await ImportAsync("mode=each", NdJson, rows[..1_700])).ShouldBe(200)).ShouldBe((1_700, 1_700, 0));
        var again = (await ImportAsync("mode=each", NdJson, rows)).ShouldBe(200);
        Counts(again).ShouldBe((2_500, 800, 1_700));
        again.At("errors").GetArrayLength().ShouldBe(1_000);
        Errors(again).Take(2).ShouldBe(["1 #/reference duplicate", "2 #/reference duplicate"]);
        (await ImportAsync("", NdJson, rows)).ShouldRefuse(422, "import-refused");
    }

    [Theory]
    [InlineData("mode=each&")]
    [InlineData("mode=atomic&")]
    public async Task A_dry_run_tells_all_and_stores_nothing(string mode)
    {
        var good = AnOrder.With("\"reference\": \"dry\"");
        Counts((await ImportAsync(mode + "dryRun=true", NdJson, good)).ShouldBe(200)).ShouldBe((1, 1, 0));
        var twice = await ImportAsync(mode + "dryRun=true", NdJson, good, good);
        Counts(twice.ShouldBe(mode.Contains("each") ? 200 : 422)).Refused.ShouldBe(1);
        Errors(twice).ShouldBe(["2 #/reference duplicate"]);
        twice.At("errors")[0].GetProperty("detail").GetString().ShouldBe("Row 1 has the reference \"dry\" already.");
        (await FindAsync("dry")).ShouldBe(0);
    }

    [Fact]
    public async Task When_an_order_was_created_takes_the_scope_for_it()
    {
        var editor = await server.CallerAsync("importer", "orders:write", "orders:read");
        var reply = await editor.SendAsync(HttpMethod.Post, "/orders/import?mode=each",
            AnOrder.With("\"createdAt\": \"2020-01-01T00:00:00Z\""), ("Content-Type", NdJson));
        Errors(reply.ShouldBe(200)).ShouldBe(["1 #/createdAt missing-scope"]);
        var reader = await server.CallerAsync("import-reader", "orders:read");
        (await reader.SendAsync(HttpMethod.Post, "/orders/import", AnOrder.Least, ("Content-Type", NdJson)))
            .ShouldRefuse(403, "missing-scope");
    }

    [Theory]
    [InlineData("")]
    [InlineData("csv=orders&")]
    public async Task A_list_as_CSV_can_be_imported_as_it_is(string layout)
    {
        var tag = "trip" + layout.Length;
        string[] bodies =
        [
            AnOrder.Of("[{\"id\": \"window\", \"quantity\": 2, \"fee\": 1.50, \"name\": \"=evil, \\\"quoted\\\"\"}, "
                + "\"deep-clean\"]", $"\"totalfee\": 7.10, \"currency\": \"EUR\", \"notes\": \"'=x\\r\\ny\", "
                + $"\"metadata\": {{\"tag\": \"{tag}\", \"-\": \"'-\"}}, \"customer\": {{\"phone\": \"+44 20\"}}"),
            AnOrder.With($"\"notes\": \"\", \"metadata\": {{\"tag\": \"{tag}\"}}"),
            AnOrder.With($"\"metadata\": {{\"tag\": \"{tag}\", \"ünï\": \"☂\"}}"),
        ];
        foreach (var body in bodies)
        {
            await _api.PlaceAsync(body);
        }

        var query = $"/orders?metadata.tag={tag}&sort=number"
            + "&fields=id,datetime,totalfee,currency,services,reference,metadata,customer,notes";
        var exported = (await _api.GetAsync(query + "&" + layout.TrimEnd('&'), ("Accept", Csv))).ShouldBe(200).Text;
        Counts((await ImportAsync("", Csv, exported)).ShouldBe(200)).ShouldBe((3, 3, 0));

        var lines = (await _api.GetAsync(query, ("Accept", NdJson))).ShouldBe(200).Text
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line[line.IndexOf("\"datetime\"", StringComparison.Ordinal)..]).ToList();
        lines.Count.ShouldBe(6);
        lines[3..].ShouldBe(lines[..3]);
    }

    [Theory]
    [InlineData("datetime,servicez\r\n", "#/servicez unknown-field")]
    [InlineData("status,datetime\r\n", "#/status unknown-field")]
    [InlineData("datetime,datetime\r\n", "#/datetime duplicate-field")]
    [InlineData("services,services.id\r\n", "#/services duplicate-field")]
    public async Task A_header_that_an_import_does_not_have_is_refused(string csv, string fault) =>
        (await ImportAsync("", Csv, csv)).ShouldBe(400).Faults.ShouldBe([fault]);

    [Fact]
    public async Task Rows_of_CSV_that_can_not_be_read_are_refused_rows()
    {
        var reply = (await ImportAsync("mode=each", Csv,
            "id,datetime,services.id,services.quantity,notes\r\n"
            + "a,2026-11-23T09:30:00Z,window,1,\r\n"
            + "a,2026-11-23T09:30:00Z,deep-clean,2,\r\n"
            + "b,2026-11-23T09:30:00Z,window\r\n"
            + "c,2026-11-23T09:30:00Z,window,1,a\"b\r\n"
            + "d,2026-11-23T09:30:00Z,window,1,x\r\n"
            + "d,2026-11-23T09:30:00Z,window,1,y\r\n"
            + "e,2026-11-23T09:30:00Z,window,many,\r\n"
            + ",2026-11-23T09:30:00Z,window,,\n"
            + ",2026-11-23T09:30:00Z,window,,")).ShouldBe(200);
        Counts(reply).ShouldBe((7, 3, 4));
        Errors(reply).ShouldBe(
        [
            "3 # invalid-body", "4 # invalid-body", "5 # invalid-value", "7 #/services/0/quantity wrong-type",
        ]);
    }

    [Theory]
    [InlineData("mode=all", "mode invalid-parameter")]
    [InlineData("mode=each&force=true", "force unknown-parameter")]
    [InlineData("dryRun=1", "dryRun invalid-parameter")]
    public async Task What_an_import_does_not_take_is_refused(string query, string fault) =>
        (await ImportAsync(query, NdJson, AnOrder.Least)).ShouldBe(400).Faults.ShouldBe([fault]);

    [Fact]
    public async Task Other_media_types_and_keys_are_refused()
    {
        (await ImportAsync("", "application/json", AnOrder.Least)).ShouldRefuse(415, "unsupported-media-type")
            .Header("Accept").ShouldBe("application/x-ndjson, text/csv");
        (await _api.SendAsync(HttpMethod.Post, "/orders/import", AnOrder.Least, ("Content-Type", NdJson),
            ("Idempotency-Key", "k"))).ShouldRefuse(400, "invalid-idempotency-key");
    }

    [Fact]
    public async Task A_row_has_a_limit_and_a_body_none()
    {
        var huge = $"{{\"notes\": \"{new string('n', 1024 * 1024)}\"}}";
        var reply = (await ImportAsync("mode=each", NdJson, huge, huge, AnOrder.Least, huge)).ShouldBe(200);
        Counts(reply).ShouldBe((4, 1, 3));
        Errors(reply).ShouldBe(["1 # body-too-large", "2 # body-too-large", "4 # body-too-large"]);
    }

    [Theory]
    [InlineData("atomic", 0)]
    [InlineData("each", 1_000)]
    public async Task Of_an_import_that_breaks_off_only_whole_pieces_of_each_stay(string mode, long stored)
    {
        var tag = "broken-" + mode;
        var row = AnOrder.With($"\"metadata\": {{\"tag\": \"{tag}\"}}") + "\n";
        var part = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(row, 1_200)));
        using (var sender = await RawConnection.OpenAsync(server.Address))
        {
            await sender.SendAsync($"POST /orders/import?mode={mode} HTTP/1.1\nHost: x\n"
                + $"X-Api-Key: {RunningServer.Key}\nContent-Type: {NdJson}\nContent-Length: {part.Length + 10}\n\n");
            await sender.SendAsync(part);
            await Patience.UntilAsync(async () => await server.Database.SingleAsync<bool>(mode == "each"
                ? "select count(*) >= 1000 from orders where content like '%broken-each%'"
                : "select exists (select from pg_stat_activity where datname = current_database() "
                    + "and application_name = 'orderly-import' and backend_xid is not null)"));
        }

        await Patience.UntilAsync(async () => await server.Database.SingleAsync<bool>(
            "select not exists (select from pg_stat_activity where datname = current_database() "
            + "and application_name = 'orderly-import' and xact_start is not null)"));
        (await server.Database.SingleAsync<long>(
            "select count(*) from orders where content like $1", $"%{tag}%")).ShouldBe(stored);
    }

    private Task<Reply> ImportAsync(string query, string mediaType, params string[] rows) => _api.SendAsync(
        HttpMethod.Post, "/orders/import?" + query, string.Join('\n', rows), ("Content-Type", mediaType));

    private async Task<int> FindAsync(string reference) =>
        (await _api.GetAsync("/orders?reference=" + reference)).At("data").GetArrayLength();
}
