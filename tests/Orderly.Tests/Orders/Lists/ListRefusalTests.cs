using System.Diagnostics;
using Orderly.Server.Database;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders.Lists;

/// <summary>What GET /orders refuses, cursors that are used for another list, and the parts of its answer.</summary>
public sealed class ListRefusalTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const string ListOfAll = "orders|-createdAt|reference=\0Exclude";
    private readonly Api _api = server.Api;

    [Theory]
    [InlineData("status=", "status")]
    [InlineData("status=placed,", "status")]
    [InlineData("status=Placed", "status")]
    [InlineData("status=done", "status")]
    [InlineData("service=", "service")]
    [InlineData("service=a,b", "service")]
    [InlineData("service=-x", "service")]
    [InlineData("reference=", "reference")]
    [InlineData("reference=a%00b", "reference")]
    [InlineData("team=", "team")]
    [InlineData("customer.email=", "customer.email")]
    [InlineData("customer.email=%20", "customer.email")]
    [InlineData("metadata.a=%00", "metadata.a")]
    [InlineData("q=", "q")]
    [InlineData("q=--", "q")]
    [InlineData("q=1+2+3+4+5+6+7+8+9+10+11+12+13+14+15+16+17", "q")]
    [InlineData("totalfee=ten", "totalfee")]
    [InlineData("totalfee[gte]=", "totalfee[gte]")]
    [InlineData("totalfee[gte]=1,5", "totalfee[gte]")]
    [InlineData("totalfee[gte]=01", "totalfee[gte]")]
    [InlineData("totalfee[gte]=.5", "totalfee[gte]")]
    [InlineData("totalfee[gte]=%201", "totalfee[gte]")]
    [InlineData("totalfee[gte]=1e400", "totalfee[gte]")]
    [InlineData("totalfee[gte]=0.00001", "totalfee[gte]")]
    [InlineData("number=1.0", "number")]
    [InlineData("number=-1", "number")]
    [InlineData("number[lt]=99999999999999999999", "number[lt]")]
    [InlineData("datetime[gte]=2026-11-23", "datetime[gte]")]
    [InlineData("datetime[gte]=2026-11-23T09:30:00", "datetime[gte]")]
    [InlineData("createdAt=now", "createdAt")]
    [InlineData("updatedAt[lte]=2026-13-01T00:00:00Z", "updatedAt[lte]")]
    [InlineData("deleted=true", "deleted")]
    [InlineData("sort=", "sort")]
    [InlineData("sort=id", "sort")]
    [InlineData("sort=--number", "sort")]
    [InlineData("sort=number,totalfee", "sort")]
    [InlineData("count=yes", "count")]
    [InlineData("fields=", "fields")]
    [InlineData("fields=id,", "fields")]
    [InlineData("fields=services.id", "fields")]
    public async Task A_value_that_a_parameter_cannot_have_is_refused_there(string query, string parameter) =>
        (await _api.GetAsync("/orders?" + query)).ShouldRefuse(400, "invalid-parameter").Faults
            .ShouldBe([$"{parameter} invalid-parameter"]);

    [Theory]
    [InlineData("reference=%ED%A0%80", "reference")] // an unpaired surrogate
    [InlineData("q=caf%E9", "q")] // not UTF-8
    [InlineData("metadata.x=%FF", "metadata.x")]
    [InlineData("metadata.%FF=x", "metadata.%FF")]
    [InlineData("status=placed&team=%C3%28", "team")]
    public async Task What_is_not_the_encoding_of_text_is_refused_and_not_taken_for_other_text(
        string query, string parameter) =>
        (await _api.GetAsync("/orders?" + query)).ShouldRefuse(400, "invalid-parameter").Faults
            .ShouldBe([$"{parameter} invalid-parameter"]);

    [Theory]
    [InlineData("%0A")]
    [InlineData("%20")]
    [InlineData("%3D")]
    public async Task A_cursor_with_white_space_or_padding_is_refused(string added)
    {
        await _api.PlaceAsync();
        await _api.PlaceAsync();
        var next = (await _api.GetAsync("/orders?limit=1")).String("next")!;
        (await _api.GetAsync($"/orders?limit=1&cursor={next}")).ShouldBe(200);

        (await _api.GetAsync($"/orders?limit=1&cursor={next}{added}")).ShouldRefuse(400, "invalid-cursor");
        (await _api.GetAsync($"/orders?limit=1&cursor={next[..4]}{added}{next[4..]}"))
            .ShouldRefuse(400, "invalid-cursor");
    }

    [Theory]
    [InlineData("totalfee[ge]=1", "totalfee[ge]", "totalfee[gte]")]
    [InlineData("total_fee=1", "total_fee", "totalfee")]
    [InlineData("createdat[gte]=1", "createdat[gte]", "createdAt[gte]")]
    [InlineData("customer.mail=x", "customer.mail", "customer.email")]
    [InlineData("metadat.region=x", "metadat.region", "metadata.region")]
    [InlineData("Metadata.Region=x", "Metadata.Region", "metadata.Region")]
    [InlineData("metadata[region]=x", "metadata[region]", "metadata.region")]
    [InlineData("metadata[a.b]=x", "metadata[a.b]", "metadata.a.b")]
    [InlineData("updatedAt[since]=x", "updatedAt[since]", "updatedAt[gte]")]
    [InlineData("reference[in]=x", "reference[in]", "reference")]
    [InlineData("metadata.=x", "metadata.", null)]
    [InlineData("notes=x", "notes", null)]
    public async Task An_unknown_parameter_is_refused_with_the_one_that_was_meant(
        string query, string parameter, string? meant)
    {
        var reply = (await _api.GetAsync("/orders?" + query)).ShouldRefuse(400, "unknown-parameter");

        reply.Faults.ShouldBe([$"{parameter} unknown-parameter"]);
        if (meant is not null)
        {
            reply.String("errors/0/detail")!.ShouldContain($"Did you mean \"{meant}\"?");
        }
    }

    [Theory]
    [InlineData("status=place", "placed")]
    [InlineData("sort=-createdat", "-createdAt")]
    [InlineData("fields=id,total_fee", "totalfee")]
    [InlineData("count=exakt", "exact")]
    [InlineData("deleted=includes", "include")]
    public async Task A_misspelt_name_in_a_value_is_refused_with_the_one_that_was_meant(string query, string meant) =>
        (await _api.GetAsync("/orders?" + query)).ShouldRefuse(400, "invalid-parameter")
            .String("errors/0/detail")!.ShouldContain($"Did you mean \"{meant}\"?");

    [Fact]
    public async Task The_layout_of_csv_is_refused_for_pages_with_what_asks_for_csv() =>
        (await _api.GetAsync("/orders?csv=orders")).ShouldRefuse(400, "invalid-parameter")
            .String("errors/0/detail")!.ShouldContain("Accept: text/csv");

    [Fact]
    public async Task All_that_is_wrong_with_a_list_is_told_at_once() =>
        (await _api.GetAsync(
            "/orders?status=x&service=-&totalfee[gt]=x&number=x&datetime[lt]=x&q=-&sort=x&count=x&fields=x&limit=x"
            + "&cursor=x&x=x&team=a&team=b")).ShouldRefuse(400, "invalid-query").Faults.ShouldBe(
            [
                "status invalid-parameter", "service invalid-parameter", "totalfee[gt] invalid-parameter",
                "number invalid-parameter", "datetime[lt] invalid-parameter", "q invalid-parameter",
                "sort invalid-parameter", "count invalid-parameter", "fields invalid-parameter",
                "limit invalid-parameter", "cursor invalid-cursor", "x unknown-parameter", "team repeated-parameter",
            ],
            ignoreOrder: true);

    [Fact]
    public async Task Deleted_orders_take_a_scope()
    {
        var reader = await server.CallerAsync("deleted", "orders:read");

        (await reader.GetAsync("/orders?deleted=only&limit=0")).ShouldRefuse(403, "missing-scope")
            .String("scope").ShouldBe("orders:delete");
        (await reader.GetAsync("/orders")).ShouldBe(200);
    }

    [Fact]
    public async Task A_deleted_order_says_when_it_was_deleted_and_others_have_no_such_member()
    {
        var id = await _api.PlaceAsync();
        (await _api.GetAsync("/orders?limit=1")).Json.GetProperty("data")[0].TryGetProperty("deletedAt", out _)
            .ShouldBeFalse();
        (await _api.DeleteAsync("/orders/" + id)).ShouldBe(204);

        var page = await _api.GetAsync("/orders?deleted=only&limit=1");
        page.String("data/0/id").ShouldBe(id);
        page.String("data/0/deletedAt").ShouldBe(page.String("data/0/updatedAt"));
    }

    [Theory]
    [InlineData("id,totalfee", "id,totalfee")]
    [InlineData("totalfee,id", "id,totalfee")]
    [InlineData("services", "services")]
    [InlineData("updatedBy,notes,customer,metadata,notes", "metadata,customer,notes,updatedBy")]
    [InlineData("deletedAt", "")]
    public async Task Fields_gives_these_members_alone_in_the_order_of_the_document(string fields, string members)
    {
        await _api.PlaceAsync(AnOrder.With("\"totalfee\": 19.90, \"customer\": {\"name\": \"Ada\"}"));
        var whole = (await _api.GetAsync("/orders?limit=1")).At("data/0");
        var page = (await _api.GetAsync($"/orders?limit=1&fields={fields}")).ShouldBe(200);

        string.Join(',', page.At("data/0").EnumerateObject().Select(member => member.Name)).ShouldBe(members);
        foreach (var member in page.At("data/0").EnumerateObject())
        {
            member.Value.GetRawText().ShouldBe(whole.GetProperty(member.Name).GetRawText());
        }

        var one = await _api.GetAsync($"/orders/{whole.GetProperty("id").GetString()}?fields={fields}");
        one.ShouldBe(200).Text.ShouldBe(page.Raw("data/0"));
        one.Header("ETag").ShouldBe("\"v1\"");
    }

    [Fact]
    public async Task Every_member_of_an_order_can_be_chosen()
    {
        var id = await _api.PlaceAsync();
        var whole = await _api.GetAsync("/orders/" + id);
        var names = string.Join(',', whole.Json.EnumerateObject().Select(member => member.Name));

        (await _api.GetAsync($"/orders/{id}?fields={names}")).ShouldBe(200).Text.ShouldBe(whole.Text);
        (await _api.GetAsync($"/orders/{id}?fields=nope")).ShouldRefuse(400, "invalid-parameter");
    }

    [Fact]
    public async Task A_cursor_belongs_to_its_filter_and_sort_and_to_no_other_list()
    {
        await PlaceAsync(4);
        var next = (await _api.GetAsync("/orders?limit=1&status=placed,confirmed&sort=number")).String("next")!;

        (await _api.GetAsync(
            $"/orders?limit=3&status=confirmed,placed&sort=number&fields=id&count=exact&cursor={next}")).ShouldBe(200)
            .At("data").GetArrayLength().ShouldBe(3);
        foreach (var other in (string[])
            [
                "", "sort=number", "status=placed&sort=number", "status=placed,confirmed&sort=-number",
                "status=placed,confirmed", "status=placed,confirmed&sort=number&deleted=include",
                "status=placed,confirmed&sort=number&q=deep", "status=placed,confirmed&sort=number&number[gte]=0",
                "status=placed,confirmed&sort=number&metadata.a=", "status=placed,confirmed&sort=number&reference=a",
                "status=placed,confirmed&sort=number&team=internal",
            ])
        {
            (await _api.GetAsync($"/orders?{other}&cursor={next}".Replace("?&", "?")))
                .ShouldRefuse(400, "invalid-cursor").Faults.ShouldBe(["cursor invalid-cursor"]);
        }

        (await _api.GetAsync($"/services?cursor={next}")).ShouldRefuse(400, "invalid-cursor");
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1\0" + "00000000000000000000000000000000\0" + "1")]
    [InlineData("1\0not-an-id")]
    [InlineData("9999999999999999999\0" + "00000000000000000000000000000000")]
    [InlineData("99999999999999999999\0" + "00000000000000000000000000000000")]
    [InlineData("-1\0" + "00000000000000000000000000000000")]
    [InlineData("\0" + "00000000000000000000000000000000")]
    public async Task A_cursor_that_was_forged_with_an_impossible_key_is_refused_rather_than_failing(string key)
    {
        var forged = Cursor.Make(ListOfAll, System.Text.Encoding.UTF8.GetBytes(key));
        var sound = Cursor.Make(
            ListOfAll, System.Text.Encoding.UTF8.GetBytes("5\0" + "00000000000000000000000000000000"));

        (await _api.GetAsync($"/orders?cursor={forged}")).ShouldRefuse(400, "invalid-cursor");
        (await _api.GetAsync($"/orders?cursor={sound}")).ShouldBe(200);
    }

    [Fact]
    public async Task The_link_to_the_next_page_has_all_parameters_as_they_were_sent()
    {
        await _api.PlaceAsync(AnOrder.With("\"metadata\": {\"a&b\": \"1+1\", \"A&B\": \"2\"}"));
        await _api.PlaceAsync(AnOrder.With("\"metadata\": {\"a&b\": \"1+1\", \"A&B\": \"2\"}"));
        var page = await _api.GetAsync(
            "/orders?limit=1&metadata.a%26b=1%2B1&metadata.A%26B=2&totalfee[gte]=1&count=exact&fields=id");
        var link = page.Header("Link").ShouldNotBeNull().Split('<', '>')[1];

        link.ShouldBe(
            "/orders?limit=1&metadata.a%26b=1%2B1&metadata.A%26B=2&totalfee%5Bgte%5D=1&count=exact&fields=id&cursor="
            + page.String("next"));
        var last = (await _api.GetAsync(link)).ShouldBe(200);
        last.At("data").GetArrayLength().ShouldBe(1);
        last.Raw("next").ShouldBe("null");
        last.Header("Link").ShouldBeNull();
    }

    [Fact]
    public async Task A_list_that_takes_too_long_is_refused_and_says_what_to_do()
    {
        await PlaceAsync(4);
        await server.Database.ExecuteAsync(
            "alter table orders rename to orders_slow; "
            + "create view orders as select * from orders_slow where pg_sleep(1 + 0 * number) is not null");
        await server.AfterBreakAsync("orderly-list", async () =>
        {
            var began = Stopwatch.GetTimestamp();
            var reply = (await _api.GetAsync("/orders?status=placed&sort=totalfee"))
                .ShouldRefuse(422, "list-too-broad");
            reply.String("detail")!.ShouldContain("narrow the filter");
            Stopwatch.GetElapsedTime(began).TotalSeconds.ShouldBeInRange(1.9, 3.5);
        });

        await server.Database.ExecuteAsync("drop view orders; alter table orders_slow rename to orders");
        await server.AfterBreakAsync(
            "orderly-list", async () => (await _api.GetAsync("/orders?status=placed&sort=totalfee")).ShouldBe(200));
    }

    private async Task PlaceAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await _api.PlaceAsync();
        }
    }
}
