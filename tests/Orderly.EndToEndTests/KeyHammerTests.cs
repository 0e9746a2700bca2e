using Orderly.EndToEndTests.Planted;
using Orderly.EndToEndTests.Running;
using Orderly.EndToEndTests.Work;

namespace Orderly.EndToEndTests;

/// <summary>
/// One key is one write, whoever sends it, through whichever server, and whatever becomes of the connections.
/// </summary>
[Collection(Soak.OneAtATime)]
public sealed class KeyHammerTests(ITestOutputHelper output)
{
    private const int Clients = 12;
    private const int Rounds = 40;
    private const int KillsMax = 60;
    private const int Creates = 10;
    private const int Patches = 6;
    private const int SettleAttemptsMax = 50;
    private const int Seed = 5;

    [Fact(Explicit = true)]
    public async Task Twelve_clients_on_the_same_keys_make_one_write_a_key_though_connections_are_killed()
    {
        var faults = await HammerAsync(bug: null);

        faults.ShouldBeEmpty();
    }

    [Fact(Explicit = true)]
    public async Task A_server_that_checks_a_key_and_then_acts_is_caught()
    {
        var faults = await HammerAsync(server => new ChecksThenActs(server));

        faults.ShouldNotBeEmpty();
    }

    private async Task<List<string>> HammerAsync(Func<HttpMessageHandler, DelegatingHandler>? bug)
    {
        await using var installation = await Installation.StartAsync([]);
        var servers = installation.Servers.Select(server => new OrderlyClient(
            server.Address, bug, OrderlyClient.TimeoutSecondsAmongFaults)).ToList();
        try
        {
            (await servers[0].SendAsync(HttpMethod.Put, "/services/deep-clean", """{"name": "D", "fee": 20}"""))
                .IsSuccess.ShouldBeTrue();
            var requests = await RequestsAsync(servers[0]);
            var hammer = new KeyHammer(installation, servers, requests, Seed);
            await hammer.RunAsync(Clients, Rounds, KillsMax);
            await hammer.SettleAsync(SettleAttemptsMax);
            output.WriteLine($"{hammer.Done.Count} answers ({hammer.Done.Count(answer => answer.IsReplay)} replays), "
                + $"connections killed {hammer.Killed} times");
            hammer.Killed.ShouldBeGreaterThan(3, "no proof while all is well");
            return [.. hammer.Wrong, .. await JudgeAsync(installation, requests, hammer)];
        }
        finally
        {
            servers.ForEach(server => server.Dispose());
        }
    }

    /// <summary>Creates, some with a reference, and patches, all on a few keys.</summary>
    private static async Task<List<KeyedRequest>> RequestsAsync(OrderlyClient server)
    {
        var requests = new List<KeyedRequest>();
        for (var i = 0; i < Creates; i++)
        {
            var json = WriteRequests.Create($"create-{i}", 10 + i).Json;
            requests.Add(new KeyedRequest($"create-{i}", HttpMethod.Post, "/orders",
                i % 2 == 0 ? json : json.Insert(1, $"\"reference\": \"hammer-{i}\", ")));
        }

        for (var i = 0; i < Patches; i++)
        {
            var request = WriteRequests.Create($"base-{i}", 10);
            var id = (await server.SendAsync(request.Method, request.Path, request.Json)).Body
                .GetProperty("id").GetString();
            requests.Add(new KeyedRequest($"patch-{i}", HttpMethod.Patch, $"/orders/{id}",
                $$$"""{"metadata": {"op": "patch-{{{i}}}"}}"""));
        }

        return requests;
    }

    private static async Task<List<string>> JudgeAsync(
        Installation installation, List<KeyedRequest> requests, KeyHammer hammer)
    {
        var versions = await installation.QueryAsync(
            "select content::jsonb #>> '{metadata,op}', count(*) from revisions group by 1",
            row => (Marker: row.GetString(0), Count: row.GetInt64(1)));
        var made = versions.ToDictionary(version => version.Marker, version => version.Count, StringComparer.Ordinal);
        var faults = new List<string>();
        foreach (var request in requests)
        {
            var answers = hammer.Done.Where(answer => answer.Key == request.Key).ToList();
            if (made.GetValueOrDefault(request.Key) is var count and not 1)
            {
                faults.Add($"{request.Key} was written {count} times");
            }

            if (answers.Select(answer => (answer.Status, answer.Body)).Distinct().Count() != 1)
            {
                faults.Add($"{request.Key} was answered in different ways, or not at all");
            }

            if (answers.Count(answer => !answer.IsReplay) > 1)
            {
                faults.Add($"{request.Key} was answered for the first time more than once");
            }
        }

        return faults;
    }
}
