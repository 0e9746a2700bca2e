using Orderly.Server.Transfer;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Transfer;

/// <summary>How many imports run at a time.</summary>
public sealed class ImportLimitsTests(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task More_imports_than_there_are_places_are_told_to_come_later()
    {
        var open = new List<RawConnection>();
        var other = (await server.Api.PostAsync("/keys", """{"name": "other", "role": "editor"}""")).String("key")!;
        try
        {
            for (var i = 0; i < StreamLimits.ImportsMax; i++)
            {
                var isLast = i == StreamLimits.ImportsMax - 1;
                open.Add(await RawConnection.OpenAsync(server.Address));
                await open[i].SendAsync(
                    "POST /orders/import?mode=atomic HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n"
                    + $"X-Api-Key: {(isLast ? other : RunningServer.Key)}\n"
                    + "Content-Type: application/x-ndjson\n\n2\n\n\n");
                await Patience.UntilAsync(async () => await ImportsAsync() == i + 1); // it waits for more of the body
                if (i == StreamLimits.ImportsMax - 2)
                {
                    (await ImportAsync()).ShouldRefuse(503, "overloaded"); // the last place is for others
                }
            }

            var refused = (await ImportAsync(other)).ShouldRefuse(503, "overloaded");
            refused.Header("Retry-After").ShouldNotBeNull();
        }
        finally
        {
            open.ForEach(connection => connection.Dispose());
        }

        await Patience.UntilAsync(async () => (await ImportAsync()).Status == 200);
    }

    private Task<Reply> ImportAsync(string key = RunningServer.Key) => server.Api.SendAsync(
        HttpMethod.Post, "/orders/import", AnOrder.With(""), ("Content-Type", "application/x-ndjson"),
        ("X-Api-Key", key));

    private Task<long> ImportsAsync() => server.Database.SingleAsync<long>(
        "select count(*) from pg_stat_activity where datname = current_database() "
        + "and application_name = 'orderly-import' and xact_start is not null");
}
