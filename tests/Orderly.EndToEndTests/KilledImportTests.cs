using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Orderly.EndToEndTests.Running;
using Orderly.EndToEndTests.Work;

namespace Orderly.EndToEndTests;

/// <summary>The server is killed in the middle of an import.</summary>
[Collection(Soak.OneAtATime)]
public sealed class KilledImportTests
{
    private const int RowsBefore = 5_000;
    private const int PollMilliseconds = 50;
    private const int WaitSeconds = 30;

    [Fact(Explicit = true)]
    public async Task Nothing_of_an_atomic_import_is_left_and_it_can_be_sent_again()
    {
        await using var installation = await StartAsync();
        var server = installation.Servers[0];
        (await KillDuringAsync(installation, server, "atomic", "select count(*) > 0 from pg_stat_activity "
            + "where query like 'copy revisions%' and state like 'idle in%' and xact_start is not null"))
            .ShouldBeTrue("the import was in the middle");

        (await CountAsync(installation)).ShouldBe((0, 0, 0, 0));
        await server.StartAsync();
        (await ImportAsync(server, "atomic", RowsBefore)).ShouldBe(
            $"{{\"received\":{RowsBefore},\"created\":{RowsBefore},\"refused\":0,\"errors\":[]}}");
        (await CountAsync(installation)).ShouldBe((RowsBefore, RowsBefore, RowsBefore, RowsBefore));
    }

    [Fact(Explicit = true)]
    public async Task What_an_import_of_each_row_stored_is_whole_and_is_not_stored_again()
    {
        await using var installation = await StartAsync();
        var server = installation.Servers[0];
        (await KillDuringAsync(installation, server, "each", "select count(*) > 0 from orders")).ShouldBeTrue();

        var (orders, revisions, logged, references) = await CountAsync(installation);
        orders.ShouldBeInRange(1, RowsBefore);
        (revisions, logged, references).ShouldBe((orders, orders, orders));
        await server.StartAsync();
        (await ImportAsync(server, "each", RowsBefore)).ShouldStartWith(string.Create(CultureInfo.InvariantCulture,
            $"{{\"received\":{RowsBefore},\"created\":{RowsBefore - orders},\"refused\":{orders},"));
        (await CountAsync(installation)).ShouldBe((RowsBefore, RowsBefore, RowsBefore, RowsBefore));
    }

    private static async Task<Installation> StartAsync()
    {
        var installation = await Installation.StartAsync([]);
        try
        {
            using var client = new OrderlyClient(installation.Servers[0].Address, bug: null);
            (await client.SendAsync(HttpMethod.Put, "/services/deep-clean", """{"name": "Deep clean", "fee": 20}"""))
                .IsSuccess.ShouldBeTrue();
            return installation;
        }
        catch
        {
            await installation.DisposeAsync(); // or its servers would outlive the test
            throw;
        }
    }

    /// <summary>Sends rows and no end, and kills the server once the database shows what it should.</summary>
    private static async Task<bool> KillDuringAsync(
        Installation installation, ServerProcess server, string mode, string isInTheMiddle)
    {
        using var stop = new CancellationTokenSource();
        using var http = Client(server);
        var import = http.PostAsync(
            new Uri($"/orders/import?mode={mode}", UriKind.Relative), new Rows(RowsBefore, stop.Token), stop.Token);
        var isMet = false;
        for (var waited = 0; waited < WaitSeconds * 1000 && !isMet; waited += PollMilliseconds)
        {
            await Task.Delay(PollMilliseconds, TestContext.Current.CancellationToken);
            isMet = (await installation.QueryAsync(isInTheMiddle, row => row.GetBoolean(0)))[0];
        }

        await server.KillAsync();
        await stop.CancelAsync();
        await ((Task)import).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        import.IsCompletedSuccessfully.ShouldBeFalse("nobody can have answered");
        return isMet;
    }

    private static async Task<string> ImportAsync(ServerProcess server, string mode, int rows)
    {
        using var http = Client(server);
        using var answer = await http.PostAsync(
            new Uri($"/orders/import?mode={mode}", UriKind.Relative), new Rows(rows, holdUntil: null));
        return await answer.Content.ReadAsStringAsync();
    }

    private static HttpClient Client(ServerProcess server)
    {
        var http = new HttpClient { BaseAddress = server.Address };
        http.DefaultRequestHeaders.Add("X-Api-Key", ServerProcess.Key);
        return http;
    }

    private static async Task<(long Orders, long Revisions, long Logged, long References)> CountAsync(
        Installation installation)
    {
        await installation.QueryAsync( // the backend of a killed server may still be at work
            """
            select pg_terminate_backend(pid, 5000) from pg_stat_activity
            where application_name like 'orderly-%' and state <> 'idle' and xact_start is not null
            """,
            row => row.GetBoolean(0));
        return (await installation.QueryAsync(
            """
            select (select count(*) from orders), (select count(*) from revisions),
                (select count(*) from feed) + (select count(*) from pending),
                (select count(*) from order_references)
            """,
            row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3))))[0];
    }

    /// <summary>Rows with references of their own; then perhaps no end.</summary>
    private sealed class Rows : HttpContent
    {
        private readonly int _count;
        private readonly CancellationToken? _holdUntil;

        public Rows(int count, CancellationToken? holdUntil)
        {
            (_count, _holdUntil) = (count, holdUntil);
            Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (var i = 0; i < _count; i++)
            {
                var reference = string.Create(CultureInfo.InvariantCulture, $"\"reference\":\"r-{i}\"");
                await stream.WriteAsync(Encoding.UTF8.GetBytes(
                    $"{{\"datetime\":\"2026-11-23T09:30:00Z\",\"services\":[\"deep-clean\"],{reference}}}\n"));
            }

            await stream.FlushAsync();
            if (_holdUntil is { } stop)
            {
                await Task.Delay(Timeout.Infinite, stop);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
