using Orderly.Tests.Harness;

namespace Orderly.Tests.Transfer;

/// <summary>Service records that change while an import of all or nothing runs, which may take an hour.</summary>
public sealed class RecordsWhileImportingTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const int PieceRows = 1_000;
    private const string Cleaning = "{\"name\": \"Cleaning\", \"fee\": 10.00}";

    [Theory]
    [InlineData("other", "{\"name\": \"Other\", \"fee\": 1}")]
    [InlineData("used", "{\"name\": \"Cleaning\", \"fee\": 10.00, \"description\": \"With water.\"}")]
    [InlineData("later", "{\"name\": \"Later\", \"fee\": 7}")]
    public async Task What_no_row_before_took_anything_from_may_change(string id, string record)
    {
        var tag = "goes-on-" + id;
        var reply = await ImportAsync(tag, () => PutAsync(id, record), "later");

        reply.ShouldStartWith("HTTP/1.1 200 ");
        reply.ShouldContain($"\"received\":{PieceRows + 10},\"created\":{PieceRows + 10},\"refused\":0");
        (await StoredAsync(tag)).ShouldBe(PieceRows + 10);
        (await server.Api.GetAsync($"/orders?metadata.tag={tag}&service=later&fields=totalfee"))
            .At("data")[0].GetProperty("totalfee").GetDecimal().ShouldBe(id == "later" ? 7 : 5);
    }

    [Fact]
    public async Task What_changed_and_changed_back_is_as_it_was()
    {
        var reply = await ImportAsync("back", async () =>
        {
            await PutAsync("used", "{\"name\": \"Cleaning\", \"fee\": 11}");
            await PutAsync("used", Cleaning);
        }, "used");

        reply.ShouldStartWith("HTTP/1.1 200 ");
        (await StoredAsync("back")).ShouldBe(PieceRows + 10);
    }

    [Theory]
    [InlineData("changed", "{\"name\": \"Cleaning\", \"fee\": 12}", "used")]
    [InlineData("renamed", "{\"name\": \"Washing\", \"fee\": 10.00}", "later")]
    [InlineData("retired", "{\"name\": \"Cleaning\", \"fee\": 10.00, \"active\": false}", "later")]
    public async Task Rows_that_took_something_from_a_record_that_changed_since_are_not_stored(
        string tag, string record, string then)
    {
        var reply = await ImportAsync(tag, () => PutAsync("used", record), then);

        reply.ShouldStartWith("HTTP/1.1 503 ");
        reply.ShouldContain("The service record \\\"used\\\" changed while the import ran");
        reply.ShouldContain("Nothing was stored.");
        (await StoredAsync(tag)).ShouldBe(0);
    }

    /// <summary>A piece that names a record, then the change, and some rows more.</summary>
    private async Task<string> ImportAsync(string tag, Func<Task> change, string then)
    {
        await PutAsync("used", Cleaning);
        await PutAsync("later", "{\"name\": \"Later\", \"fee\": 5}");
        using var sender = await ImportSender.BeginAsync(server, "mode=atomic");
        await ImportSender.SendAsync(sender, Rows("used", PieceRows));
        await Patience.UntilAsync(() => server.Database.SingleAsync<bool>(
            "select exists (select from pg_stat_activity where datname = current_database() "
            + "and application_name = 'orderly-import' and state = 'idle in transaction' "
            + "and query like 'copy revisions%')"));
        await change();
        await ImportSender.SendAsync(sender, Rows(then, 10));
        await sender.SendAsync("0\n\n");
        return await ImportSender.ReadAsync(sender);

        string Rows(string service, int count) => string.Concat(Enumerable.Repeat(
            "{\"datetime\": \"2026-12-01T09:00:00Z\", "
            + $"\"services\": [\"{service}\"], \"metadata\": {{\"tag\": \"{tag}\"}}}}\n", count));
    }

    private async Task PutAsync(string id, string record) =>
        (await server.Api.PutAsync("/services/" + id, record)).Status.ShouldBeOneOf(200, 201);

    private Task<long> StoredAsync(string tag) => server.Database.SingleAsync<long>(
        "select count(*) from orders where terms @> array[$1]", "m:3:tag=" + tag);
}
