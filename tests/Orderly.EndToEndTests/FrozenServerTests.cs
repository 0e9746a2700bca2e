using Orderly.EndToEndTests.Running;
using Orderly.EndToEndTests.Work;

namespace Orderly.EndToEndTests;

/// <summary>What one server may do to another by standing still.</summary>
[Collection(Soak.OneAtATime)]
public sealed class FrozenServerTests
{
    private const int PollMilliseconds = 20;
    private const int AttemptsMax = 500;
    private const int SlowMilliseconds = 100;
    private const int FeedTimeoutSeconds = 15;

    [Fact]
    public async Task A_frozen_server_in_the_middle_of_a_feed_transaction_does_not_hold_the_feed_up()
    {
        await using var installation = await Installation.StartAsync([]);
        var (frozen, other) = await FreezeInTheMiddleAsync(installation);
        try
        {
            using var client = new OrderlyClient(other.Address, bug: null);
            (await client.SendAsync(HttpMethod.Put, "/services/deep-clean", """{"name": "Deep clean", "fee": 20}"""))
                .IsSuccess.ShouldBeTrue();
            var request = WriteRequests.Create("after-the-freeze", 10);
            (await client.SendAsync(request.Method, request.Path, request.Json)).Status.ShouldBe(201);

            var page = await client.GetAsync("/changes");
            for (var waited = 0; waited < FeedTimeoutSeconds * 1000 && IsEmpty(page); waited += PollMilliseconds)
            {
                await Task.Delay(PollMilliseconds, TestContext.Current.CancellationToken);
                page = await client.GetAsync("/changes");
            }

            IsEmpty(page).ShouldBeFalse($"{other.Name} could not fill the feed while {frozen.Name} stood still");
        }
        finally
        {
            Signals.Send(frozen.ProcessId, Signals.Continue);
        }
    }

    private static bool IsEmpty(Attempt page) =>
        !page.IsSuccess || page.Body.GetProperty("data").GetArrayLength() == 0;

    /// <summary>A slow way to the database makes the transaction long enough to be met.</summary>
    private static async Task<(ServerProcess Frozen, ServerProcess Other)> FreezeInTheMiddleAsync(
        Installation installation)
    {
        foreach (var proxy in installation.DatabaseProxies)
        {
            proxy.DelayMilliseconds = SlowMilliseconds;
        }

        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            await Task.Delay(PollMilliseconds, TestContext.Current.CancellationToken);
            if (await HolderAsync(installation) is not { } server)
            {
                continue;
            }

            Signals.Send(server.ProcessId, Signals.Stop);
            foreach (var proxy in installation.DatabaseProxies)
            {
                proxy.DelayMilliseconds = 0;
            }

            // What was on its way has arrived after that; then nothing of the frozen server comes any more.
            await Task.Delay(SlowMilliseconds * 4, TestContext.Current.CancellationToken);
            if (await HolderAsync(installation) == server)
            {
                return (server, installation.Servers.Single(one => one != server));
            }

            Signals.Send(server.ProcessId, Signals.Continue);
            foreach (var proxy in installation.DatabaseProxies)
            {
                proxy.DelayMilliseconds = SlowMilliseconds;
            }
        }

        throw new InvalidOperationException($"No feed transaction was met in {AttemptsMax} attempts.");
    }

    /// <summary>The server whose connection has the sequencer's lock.</summary>
    private static async Task<ServerProcess?> HolderAsync(Installation installation)
    {
        var names = await installation.QueryAsync(
            """
            select a.application_name from pg_locks l join pg_stat_activity a on a.pid = l.pid
            where l.locktype = 'advisory' and l.granted
            """,
            row => row.GetString(0));
        return installation.Servers.FirstOrDefault(server => names.Contains("orderly-" + server.Name));
    }
}
