using Orderly.Tests.Harness;

namespace Orderly.Tests.Transfer;

/// <summary>Senders of an import who are slow, or stand still.</summary>
public sealed class SlowSenderTests(SlowSenderTests.ImpatientServer server)
    : IClassFixture<SlowSenderTests.ImpatientServer>
{
    private const int PieceRows = 1_000;

    [Fact]
    public async Task A_slow_but_steady_sender_may_take_long_while_the_database_hears_that_its_import_lives()
    {
        var replies = await Task.WhenAll(SendSlowlyAsync("mode=atomic"), SendSlowlyAsync("mode=each&dryRun=true"));

        replies.ShouldAllBe(reply => reply.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal));
        replies.ShouldAllBe(reply => reply.Contains("\"received\":20,\"created\":20,\"refused\":0"));
    }

    [Theory]
    [InlineData("mode=atomic", 0, "Nothing was stored.")]
    [InlineData("mode=each", PieceRows, "1000 orders are stored")]
    public async Task A_sender_who_stands_still_is_told_what_is_stored_and_gives_its_place_back(
        string query, long stored, string told)
    {
        var before = await server.Database.SingleAsync<long>("select count(*) from orders");
        using var sender = await ImportSender.BeginAsync(server, query);
        await ImportSender.SendAsync(sender, string.Concat(Enumerable.Repeat(AnOrder.Least + "\n", PieceRows + 1)));

        var reply = await ImportSender.ReadAsync(sender);
        reply.ShouldStartWith("HTTP/1.1 408 ");
        reply.ShouldContain("\"code\":\"request-timeout\"");
        reply.ShouldContain($"Nothing came for {ImpatientServer.StallSeconds} s.");
        reply.ShouldContain(told);
        (await server.Database.SingleAsync<long>("select count(*) from orders")).ShouldBe(before + stored);
        (await server.Database.SingleAsync<long>(
            "select count(*) from pg_stat_activity where datname = current_database() "
            + "and application_name = 'orderly-import' and xact_start is not null")).ShouldBe(0);
    }

    /// <summary>20 rows, of which not one makes a statement before the end.</summary>
    private async Task<string> SendSlowlyAsync(string query)
    {
        using var sender = await ImportSender.BeginAsync(server, query);
        for (var i = 0; i < 20; i++)
        {
            await ImportSender.SendAsync(sender, AnOrder.Least + "\n");
            await Task.Delay(TimeSpan.FromSeconds(0.25 * ImpatientServer.StallSeconds),
                TestContext.Current.CancellationToken);
        }

        (await server.Database.SingleAsync<bool>(
            "select max(clock_timestamp() - xact_start) > interval '8 s' "
            + "and max(clock_timestamp() - state_change) < interval '4 s' from pg_stat_activity "
            + "where datname = current_database() and application_name = 'orderly-import' "
            + "and state = 'idle in transaction'")).ShouldBeTrue();

        await sender.SendAsync("0\n\n");
        return await ImportSender.ReadAsync(sender);
    }

    /// <summary>A server that gives up soon, and other bodies than those of imports sooner.</summary>
    public sealed class ImpatientServer(TestCluster cluster) : RunningServer(cluster)
    {
        public const int StallSeconds = 2;

        protected override IReadOnlyList<(string, string)> Settings =>
            [("Limits:ImportStallSeconds", "2"), ("Limits:BodyBytesPerSecondMin", "1000")];
    }
}
