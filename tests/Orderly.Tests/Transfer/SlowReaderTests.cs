using Orderly.Server.Transfer;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Transfer;

/// <summary>Readers of a stream who are slow, stand still or go away.</summary>
public sealed class SlowReaderTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const int OrdersCount = 40_000;
    [Fact]
    public async Task A_reader_who_goes_away_sets_the_connection_and_the_snapshot_free()
    {
        await FillAsync();
        using (var reader = await RawConnection.OpenAsync(server.Address))
        {
            await reader.SendAsync(
                $"GET /orders HTTP/1.1\nHost: x\nX-Api-Key: {RunningServer.Key}\nAccept: text/csv\n\n");
            await Patience.UntilAsync(async () => await StreamsAsync() == 1); // held up by a reader who takes nothing
        }

        await Patience.UntilAsync(async () => await StreamsAsync() == 0);
    }

    [Fact]
    public async Task A_reader_whose_key_is_revoked_is_given_up_wherever_the_stream_is()
    {
        await FillAsync();
        var made = (await server.Api.PostAsync("/keys", """{"name": "copy", "role": "viewer", "reach": "all"}"""))
            .ShouldBe(201);
        using var reader = await RawConnection.OpenAsync(server.Address);
        await reader.SendAsync(
            $"GET /orders HTTP/1.1\nHost: x\nX-Api-Key: {made.String("key")}\nAccept: text/csv\n\n");
        await Patience.UntilAsync(async () => await StreamsAsync() == 1);
        (await server.Api.DeleteAsync("/keys/" + made.Id)).ShouldBe(204);

        await Patience.UntilAsync(async () => await StreamsAsync() == 0);
    }

    [Fact]
    public async Task More_streams_than_there_are_places_are_told_to_come_later()
    {
        const int ofOneCaller = 6;
        await FillAsync();
        var other = (await server.Api.PostAsync("/keys", """{"name": "other", "role": "viewer"}""")).String("key")!;
        var readers = new List<RawConnection>();
        try
        {
            for (var i = 0; i < StreamLimits.StreamsMax; i++)
            {
                if (i == ofOneCaller)
                {
                    (await server.Api.GetAsync("/orders", ("Accept", "text/csv"))).ShouldRefuse(503, "overloaded");
                }

                readers.Add(await RawConnection.OpenAsync(server.Address));
                await readers[i].SendAsync("GET /orders HTTP/1.1\nHost: x\nAccept: text/csv\n"
                    + $"X-Api-Key: {(i < ofOneCaller ? RunningServer.Key : other)}\n\n");
                await Patience.UntilAsync(async () => await StreamsAsync() == i + 1);
            }

            var refused = (await server.Api.GetAsync("/orders", ("Accept", "application/x-ndjson")))
                .ShouldRefuse(503, "overloaded");
            refused.Header("Retry-After").ShouldNotBeNull();
            (await server.Api.GetAsync("/orders?limit=1")).ShouldBe(200);
        }
        finally
        {
            readers.ForEach(reader => reader.Dispose());
        }

        await Patience.UntilAsync(async () =>
            (await server.Api.GetAsync("/orders?number=1", ("Accept", "application/x-ndjson"))).Status == 200);
    }

    [Fact]
    public async Task Streams_that_are_short_wait_for_each_other()
    {
        var replies = await Task.WhenAll(Enumerable.Range(0, 5 * StreamLimits.StreamsMax)
            .Select(_ => server.Api.GetAsync("/orders?number=1", ("Accept", "text/csv"))));

        replies.ShouldAllBe(reply => reply.Status == 200);
    }

    private Task<long> StreamsAsync() => server.Database.SingleAsync<long>(
        "select count(*) from pg_stat_activity where datname = current_database() "
        + "and application_name = 'orderly-stream' and xact_start is not null");

    /// <summary>More than the sockets between two processes hold.</summary>
    private async Task FillAsync()
    {
        var id = await server.Api.PlaceAsync(AnOrder.With(
            $"\"metadata\": {{\"a\": \"{new string('n', 512)}\", \"b\": \"{new string('n', 512)}\"}}"));
        await server.Database.ExecuteAsync(
            "insert into orders (order_id, write_id, version, status, team, datetime, totalfee, totalfee_stated, "
            + "content, personal, created_at, created_by, updated_at, updated_by, terms) "
            + "select gen_random_uuid(), write_id, version, status, team, datetime, totalfee, totalfee_stated, "
            + "content, personal, created_at, created_by, updated_at, updated_by, terms "
            + "from orders, generate_series(1, $2) where order_id = $1", Guid.Parse(id), OrdersCount);
    }
}
