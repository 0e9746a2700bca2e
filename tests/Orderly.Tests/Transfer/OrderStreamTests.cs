using System.Text.Json;
using Orderly.Tests.Harness;
using Orderly.Tests.Orders.Lists;

namespace Orderly.Tests.Transfer;

/// <summary>GET /orders as NDJSON and CSV: all orders that fit, as the pages show them.</summary>
public sealed class OrderStreamTests(ServerWithManyOrders server) : IClassFixture<ServerWithManyOrders>
{
    private const string NdJson = "application/x-ndjson";
    private const string Csv = "text/csv";
    private readonly Api _api = server.Api;

    [Theory]
    [InlineData("")]
    [InlineData("sort=totalfee")]
    [InlineData("sort=-datetime&status=placed,confirmed")]
    [InlineData("service=window&metadata.region=eu&sort=number")]
    [InlineData("totalfee[gte]=12&updatedAt[lt]=2030-01-01T00:00:00Z&sort=-updatedAt")]
    [InlineData("deleted=include")]
    [InlineData("deleted=include&sort=totalfee&q=rush")]
    [InlineData("deleted=only&sort=-number")]
    [InlineData("reference=none-has-it")]
    public async Task A_stream_has_the_orders_of_all_pages_in_their_order_and_form(string query)
    {
        var pages = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await _api.GetAsync($"/orders?{query}&limit=20{cursor}")).ShouldBe(200);
            pages.AddRange(page.At("data").EnumerateArray().Select(order => order.GetRawText()));
            cursor = page.String("next") is { } next ? "&cursor=" + next : null;
        }
        while (cursor is not null);

        var stream = await StreamAsync(query, NdJson);
        stream.Header("Content-Type").ShouldBe(NdJson);
        stream.Header("Cache-Control").ShouldBe("private, no-cache");
        stream.Header("Vary").ShouldBe("X-Api-Key, Authorization, Accept");
        stream.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBe(pages);
    }

    [Fact]
    public async Task Fields_of_a_stream_are_those_of_a_page()
    {
        var query = "fields=id,totalfee,customer&sort=number";
        var page = (await _api.GetAsync($"/orders?{query}&limit=500")).ShouldBe(200);
        (await StreamAsync(query, NdJson)).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .ShouldBe(page.At("data").EnumerateArray().Select(order => order.GetRawText()));
        CsvTable.Read((await StreamAsync(query, Csv)).Text)[0]
            .ShouldBe(["id", "totalfee", "customer.name", "customer.email", "customer.phone"]);
    }

    [Fact]
    public async Task CSV_has_a_row_for_each_service_line()
    {
        var orders = await OrdersAsync();
        var reply = await StreamAsync("sort=number", Csv);
        reply.Header("Content-Type").ShouldBe("text/csv; charset=utf-8");
        reply.Header("Content-Disposition").ShouldBe("attachment; filename=\"orders.csv\"");
        var rows = CsvTable.ReadNamed(reply.Text);
        rows.Count.ShouldBe(orders.Sum(order => order.GetProperty("services").GetArrayLength()));
        var lines = orders.SelectMany(order => order.GetProperty("services").EnumerateArray()
            .Select(line => (Order: order, Line: line))).ToList();
        foreach (var (row, (order, line)) in rows.Zip(lines))
        {
            ShouldShowOrder(row, order);
            foreach (var member in (string[])["id", "name", "quantity", "fee"])
            {
                row["services." + member].ShouldBe(TextOf(line.GetProperty(member)));
            }
        }
    }

    [Fact]
    public async Task CSV_has_a_row_for_each_order_where_that_is_asked_for()
    {
        var orders = await OrdersAsync();
        var rows = CsvTable.ReadNamed((await StreamAsync("csv=orders&sort=number", Csv)).Text);
        rows.Count.ShouldBe(orders.Count);
        foreach (var (row, order) in rows.Zip(orders))
        {
            ShouldShowOrder(row, order);
            row["services"].ShouldBe(order.GetProperty("services").GetRawText());
        }
    }

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+44 20", "'+44 20")]
    [InlineData("-1", "'-1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\ttab", "'\ttab")]
    [InlineData("\rreturn", "'\rreturn")]
    [InlineData("'=1", "''=1")]
    [InlineData("'quoted'", "'quoted'")]
    [InlineData("a \"b\", c\r\nd\ne", "a \"b\", c\r\nd\ne")]
    [InlineData("Größe ☂", "Größe ☂")]
    [InlineData("", "")]
    public async Task Text_that_a_spreadsheet_would_run_is_made_harmless(string notes, string cell)
    {
        var id = await _api.PlaceAsync(AnOrder.With(
            $"\"totalfee\": 10.50, \"metadata\": {{\"a\": {JsonSerializer.Serialize("=" + notes)}}}, "
            + $"\"notes\": {JsonSerializer.Serialize(notes)}"));
        var row = CsvTable.ReadNamed((await StreamAsync("sort=-number", Csv)).Text).First(row => row["id"] == id);
        row["notes"].ShouldBe(cell);
        row["adjustment"].ShouldBe("-49.45", "numbers stay numbers");
        JsonDocument.Parse(row["metadata"]).RootElement.GetProperty("a").GetString().ShouldBe("=" + notes);
        (await _api.DeleteAsync("/orders/" + id)).ShouldBe(204);
    }

    [Theory]
    [InlineData("*/*", "application/json")]
    [InlineData("application/*", "application/json")]
    [InlineData("text/html, */*;q=0.1", "application/json")]
    [InlineData("application/json, text/csv", "application/json")]
    [InlineData("application/json;q=0.5, text/csv", "text/csv; charset=utf-8")]
    [InlineData("text/*", "text/csv; charset=utf-8")]
    [InlineData("text/csv, */*", "text/csv; charset=utf-8")]
    [InlineData("Application/X-NdJson", "application/x-ndjson")]
    [InlineData("application/json;q=0, application/*", "application/x-ndjson")]
    public async Task The_form_is_the_one_that_is_asked_for_most(string accept, string mediaType) =>
        (await _api.GetAsync("/orders", ("Accept", accept))).ShouldBe(200).Header("Content-Type").ShouldBe(mediaType);

    [Theory]
    [InlineData("text/html")]
    [InlineData("application/xml, image/*")]
    [InlineData("*/*;q=0")]
    public async Task A_form_that_there_is_not_is_refused(string accept) =>
        (await _api.GetAsync("/orders", ("Accept", accept))).ShouldRefuse(406, "not-acceptable");

    [Theory]
    [InlineData("limit=5", NdJson, "limit")]
    [InlineData("cursor=abc", Csv, "cursor")]
    [InlineData("count=exact", Csv, "count")]
    [InlineData("csv=orders", NdJson, "csv")]
    [InlineData("csv=rows", Csv, "csv")]
    [InlineData("status=done", Csv, "status")]
    public async Task What_a_stream_does_not_take_is_refused(string query, string accept, string parameter) =>
        (await _api.GetAsync("/orders?" + query, ("Accept", accept))).ShouldRefuse(400, "invalid-parameter").Faults
            .ShouldBe([$"{parameter} invalid-parameter"]);

    [Fact]
    public async Task Deleted_orders_take_their_scope_in_a_stream_too()
    {
        var reader = await server.CallerAsync("stream-reader", "orders:read");
        (await reader.GetAsync("/orders?deleted=only", ("Accept", Csv))).ShouldRefuse(403, "missing-scope");
    }

    [Fact]
    public async Task A_stream_begins_though_its_connection_broke_while_it_rested()
    {
        await StreamAsync("", NdJson);
        await server.AfterBreakAsync("orderly-stream", async () => (await OrdersAsync()).ShouldNotBeEmpty());
    }

    [Fact]
    public async Task HEAD_has_the_headers_alone()
    {
        var reply = (await _api.HeadAsync("/orders", ("Accept", Csv))).ShouldBe(200);
        reply.Header("Content-Type").ShouldBe("text/csv; charset=utf-8");
        reply.Body.ShouldBeEmpty();
    }

    private async Task<Reply> StreamAsync(string query, string accept) =>
        (await _api.GetAsync("/orders?" + query, ("Accept", accept))).ShouldBe(200);

    private async Task<List<JsonElement>> OrdersAsync() =>
        [.. (await StreamAsync("sort=number", NdJson)).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line))];

    private static void ShouldShowOrder(Dictionary<string, string> row, JsonElement order)
    {
        foreach (var member in order.EnumerateObject().Where(member => member.Name is not ("services" or "customer")))
        {
            row[member.Name].ShouldBe(TextOf(member.Value), member.Name);
        }

        var email = order.GetProperty("customer") is { ValueKind: JsonValueKind.Object } customer
            ? customer.GetProperty("email").GetString()
            : "";
        row["customer.email"].ShouldBe(email);
    }

    private static string TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "",
        JsonValueKind.String => value.GetString()!,
        _ => value.GetRawText(),
    };
}
