using System.Text;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Transfer;

/// <summary>
/// Imports that break off in the middle: whoever sent one learns what is stored, and from where to go on. PostgreSQL
/// fails at rows that ask for it.
/// </summary>
public sealed class BrokenOffImportTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const int PieceRows = 1_000;
    private const string NdJson = "application/x-ndjson";

    private const string Faults =
        """
        create sequence if not exists deadlocks;
        create or replace function fail_as_asked() returns trigger language plpgsql as $$
        begin
            if new.content like '%fault: read-only%' then
                raise exception 'asked for' using errcode = 'read_only_sql_transaction';
            elsif new.content like '%fault: disk-full%' then
                raise exception 'asked for' using errcode = 'disk_full';
            elsif new.content like '%fault: bug%' then
                raise exception 'asked for';
            elsif new.content like '%fault: commit-refused%' then
                raise exception 'asked for' using errcode = 'read_only_sql_transaction';
            elsif new.content like '%fault: slow%' then
                perform pg_sleep(0.5);
            elsif new.content like '%fault: deadlock%' and nextval('deadlocks') = 1 then
                raise exception 'asked for' using errcode = 'deadlock_detected';
            elsif new.content like '%fault: killed%' or new.content like '%fault: commit%' then
                perform pg_terminate_backend(pg_backend_pid());
            end if;
            return new;
        end $$;
        create or replace trigger fail_at_once before insert on orders
            for each row when (new.content not like '%fault: commit%') execute function fail_as_asked();
        drop trigger if exists fail_at_commit on orders;
        create constraint trigger fail_at_commit after insert on orders deferrable initially deferred
            for each row when (new.content like '%fault: commit%') execute function fail_as_asked();
        """;

    private const string TwoPiecesAreStored =
        "2000 orders are stored, of the rows up to row 2000: go on with the next order behind it. "
        + "Orders with a reference can all be sent again; what is stored is refused as duplicate.";

    [Theory]
    [InlineData("read-only", "database-unavailable", "The database only reads at the moment; reading goes on. ")]
    [InlineData("disk-full", "database-unavailable", "The database has no room left; reading goes on. ")]
    [InlineData("killed", "database-unavailable", "The database can't be reached at the moment. ")]
    [InlineData("bug", "internal-error", "Something went wrong inside the service. ")]
    public async Task What_each_has_stored_is_told_whatever_happens_then(string fault, string code, string detail)
    {
        var before = await CountAsync();
        var reply = (await ImportAsync("mode=each", 2 * PieceRows, fault, PieceRows))
            .ShouldRefuse(code == "internal-error" ? 500 : 503, code);
        reply.String("detail").ShouldBe(detail + TwoPiecesAreStored);
        reply.At("received").GetInt64().ShouldBe(3 * PieceRows);
        reply.At("created").GetInt64().ShouldBe(2 * PieceRows);
        reply.At("refused").GetInt64().ShouldBe(0);
        (await CountAsync()).ShouldBe(before + (2 * PieceRows));
    }

    [Fact]
    public async Task Which_rows_were_refused_by_then_is_told()
    {
        var reply = (await ImportAsync("mode=each",
            ["not json", "{}", .. Enumerable.Repeat(AnOrder.Least, PieceRows), .. Failing("read-only", 1)]))
            .ShouldRefuse(503, "database-unavailable");
        ImportReply.Counts(reply).ShouldBe((PieceRows + 3, PieceRows - 2, 2));
        ImportReply.Errors(reply).ShouldBe(
            ["1 # malformed-json", "2 #/datetime missing-field", "2 #/services missing-field"]);
    }

    [Theory]
    [InlineData("mode=each", "read-only")]
    [InlineData("mode=atomic", "read-only")]
    [InlineData("mode=each", "commit-refused")]
    [InlineData("mode=atomic", "commit-refused")]
    public async Task Where_nothing_is_stored_that_is_told(string query, string fault)
    {
        var before = await CountAsync();
        var reply = (await ImportAsync(query, 0, fault, 1)).ShouldRefuse(503, "database-unavailable");
        reply.String("detail").ShouldBe("The database only reads at the moment; reading goes on. Nothing was stored.");
        reply.At("created").GetInt64().ShouldBe(0);
        (await CountAsync()).ShouldBe(before);
    }

    [Theory]
    [InlineData("mode=each", PieceRows, "At least 1000 orders are stored: those of the rows up to row 1000, and "
        + "perhaps of the rows 1001 to 1002")]
    [InlineData("mode=each", 0, "Perhaps the orders in the rows 1 to 2 are stored")]
    [InlineData("mode=atomic", PieceRows, "Perhaps the orders in the rows 1 to 1002 are stored")]
    public async Task What_the_database_has_not_answered_for_is_told_as_not_known(
        string query, int good, string told)
    {
        var reply = (await ImportAsync(query, good, "commit", 2)).ShouldRefuse(503, "database-unavailable");
        reply.String("detail").ShouldBe("The database gave no answer. " + told
            + ": read before you send any of these again without a reference. "
            + "Orders with a reference can all be sent again; what is stored is refused as duplicate.");
    }

    /// <summary>Its connection went back to the others, and another import may have it.</summary>
    [Fact]
    public async Task A_piece_is_tried_again_without_ending_the_connection_that_met_a_deadlock()
    {
        await server.Database.ExecuteAsync(Faults);
        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => SendAsync("mode=each", Failing("slow", 1))));
        var connections = await ConnectionsAsync();
        connections.Length.ShouldBeGreaterThan(1);

        ImportReply.Counts((await ImportAsync("mode=each", 0, "deadlock", 1)).ShouldBe(200)).ShouldBe((1, 1, 0));
        (await ConnectionsAsync()).ShouldBe(connections);
        (await server.Database.SingleAsync<long>("select last_value from deadlocks")).ShouldBe(2);
    }

    [Fact]
    public async Task A_message_that_can_not_be_read_any_more_is_told_what_is_stored()
    {
        var rows = string.Concat(Enumerable.Repeat(AnOrder.Least + "\n", (2 * PieceRows) + 1));
        using var sender = await RawConnection.OpenAsync(server.Address);
        await sender.SendAsync(
            "POST /orders/import?mode=each HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n"
            + $"X-Api-Key: {RunningServer.Key}\nContent-Type: {NdJson}\n\n");
        var before = await CountAsync();
        await sender.SendAsync(Encoding.UTF8.GetBytes($"{rows.Length:x}\r\n{rows}\r\n"));
        await Patience.UntilAsync(async () => await CountAsync() >= before + (2 * PieceRows));
        await sender.SendAsync("no length\n");

        var reply = await sender.ReadToEndAsync();
        reply.ShouldStartWith("HTTP/1.1 400 ");
        reply.ShouldContain(TwoPiecesAreStored);
    }

    [Fact]
    public async Task Up_to_which_row_of_CSV_counts_all_rows_of_the_last_order()
    {
        await server.Database.ExecuteAsync(Faults);
        var orders = Enumerable.Range(0, PieceRows).SelectMany(id => Enumerable.Repeat(Row(id, "{}"), 2));
        var reply = await server.Api.SendAsync(HttpMethod.Post, "/orders/import?mode=each",
            string.Join('\n', [
                "id,datetime,metadata,services.id", .. orders, Row(PieceRows, """{""a"":""fault: read-only""}"""),
            ]),
            ("Content-Type", "text/csv"));
        server.Log.TakeErrors();
        reply.ShouldRefuse(503, "database-unavailable").String("detail")!
            .ShouldContain("1000 orders are stored, of the rows up to row 2000: go on with the next order behind it.");

        static string Row(int id, string metadata) => $"{id},2026-11-23T09:30:00Z,\"{metadata}\",window";
    }

    private static IEnumerable<string> Failing(string fault, int count) =>
        Enumerable.Repeat(AnOrder.With($"\"metadata\": {{\"a\": \"fault: {fault}\"}}"), count);

    private Task<Reply> ImportAsync(string query, int good, string fault, int bad) =>
        ImportAsync(query, [.. Enumerable.Repeat(AnOrder.Least, good), .. Failing(fault, bad)]);

    private async Task<Reply> ImportAsync(string query, IReadOnlyList<string> rows)
    {
        await server.Database.ExecuteAsync(Faults);
        var reply = await SendAsync(query, rows);
        server.Log.TakeErrors();
        return reply;
    }

    private Task<Reply> SendAsync(string query, IEnumerable<string> rows) => server.Api.SendAsync(
        HttpMethod.Post, "/orders/import?" + query, string.Join('\n', rows), ("Content-Type", NdJson));

    private Task<int[]> ConnectionsAsync() => server.Database.SingleAsync<int[]>(
        "select array_agg(pid order by pid) from pg_stat_activity "
        + "where datname = current_database() and application_name = 'orderly-import'");

    private Task<long> CountAsync() => server.Database.SingleAsync<long>("select count(*) from orders");
}
