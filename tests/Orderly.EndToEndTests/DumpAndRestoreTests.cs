using Npgsql;
using Orderly.EmbeddedPostgres;
using Orderly.EndToEndTests.Running;
using Orderly.EndToEndTests.Work;
using Orderly.Tests.Harness;

namespace Orderly.EndToEndTests;

/// <summary>
/// A logical backup by <c>deploy/backup/dump</c> and <c>restore</c>, as docs/operations/backup.md tells it.
/// </summary>
[Collection(Soak.OneAtATime)]
public sealed class DumpAndRestoreTests(ITestOutputHelper output)
{
    private const int OrdersBefore = 60;
    private const int OrdersAfter = 60;
    private const int OrdersRestored = 20;
    private const string Newest = "checkpoint-key.newest-checkpoint";
    private static readonly string[] KeyFiles = ["checkpoint-key.pem", "personal-data-keys"];

    [Fact]
    public async Task What_was_dumped_while_clients_wrote_is_restored_elsewhere_and_its_feed_goes_on_densely()
    {
        await using var source = await LoneServer.StartAsync(
            ("Orderly__SampleData", "false"), ("Changes__CheckpointEvery", "00:00:00"));
        var sourceDatabase = EmbeddedCluster.FindRunning(Path.Combine(source.Directory, "data"))!;
        var programs = await BackupScripts.FindProgramsAsync(sourceDatabase);
        Assert.SkipWhen(programs is null, "PostgreSQL's programs for backups are not installed.");
        using var there = await PrepareAsync(source);

        // A reader stands somewhere; then the dump is made in the middle of writes, which go on after it.
        var dump = Path.Combine(source.Directory, "orderly.dump");
        List<WholeEvent> known;
        string token;
        Dictionary<Guid, int> before;
        int written;
        await using (var writers = new OrderWriters(there))
        {
            await writers.ReachAsync(OrdersBefore);
            (known, token) = await ReadPageAsync(there, OrdersBefore);
            before = new(writers.Acknowledged);
            Succeeded(await BackupScripts.RunAsync(
                "dump", [dump], BackupScripts.Variables(sourceDatabase, programs)));
            await writers.ReachAsync(before.Count + OrdersAfter);
            await writers.StopAsync();
            written = writers.Acknowledged.Values.Sum();
        }

        var (all, end) = await WholeFeed.ReadAsync(there, after: null, written);
        all.Count.ShouldBe(written);

        await using var elsewhere = await StartClusterAsync(source.Directory + "-elsewhere");
        var restored = await MakeDatabaseAsync(elsewhere);
        Succeeded(await BackupScripts.RunAsync("restore", [dump], BackupScripts.Variables(restored, programs)));
        var directory = Path.Combine(source.Directory, "restored");
        Directory.CreateDirectory(directory);
        KeyFiles.ToList().ForEach(file => File.Copy(
            Path.Combine(source.Directory, "data", file), Path.Combine(directory, file)));
        (string, string)[] settings = [("ConnectionStrings__Orderly", restored), ("Orderly__DataDirectory", directory)];
        Succeeded(await BackupScripts.CommandAsync("verify", settings));

        await using var server = await LoneServer.StartAsync(settings);
        using var here = new OrderlyClient(server.Address, bug: null);
        var (events, _) = await WholeFeed.ReadAsync(here, after: null, await RevisionsAsync(restored));

        // What was in the feed then is there, at its place; all of it happened; nothing acknowledged before is missing.
        events.Take(known.Count).ShouldBe(known);
        events.ShouldBeSubsetOf(all);
        events.Select(one => (one.Order, one.Version)).ShouldBeUnique();
        before.ShouldAllBe(order => events.Any(one => one.Order == order.Key && one.Version == order.Value));
        events.Count.ShouldBeLessThan(all.Count, "writes went on after the dump");
        (await here.GetAsync($"/changes?after={end}")).Code.ShouldBe("invalid-token", "that end is not there yet");

        // The reader goes on from where it stood, over the restore and what is written after it.
        var placed = new List<Guid>();
        for (var i = 0; i < OrdersRestored; i++)
        {
            placed.Add(await OrderWriters.PlaceAsync(here, $"restored-{i}"));
        }

        var (rest, _) = await WholeFeed.ReadAsync(here, token, events.Count - known.Count + OrdersRestored);
        rest.Take(events.Count - known.Count).ShouldBe(events.Skip(known.Count));
        rest.Skip(events.Count - known.Count).Select(one => one.Order).ShouldBe(placed, ignoreOrder: true);
        (await PositionsAsync(restored)).ShouldBe((events.Count + OrdersRestored, 1, events.Count + OrdersRestored));
        Succeeded(await BackupScripts.CommandAsync("verify", settings));

        // Who has the newest checkpoint from before the loss is told of it. A server would soon write its own over it.
        await server.StopAsync();
        File.Copy(await KeptAsync(source, written), Path.Combine(directory, Newest), overwrite: true);
        var verdict = await BackupScripts.CommandAsync("verify", settings);
        verdict.ExitCode.ShouldBe(1, verdict.Output);
        output.WriteLine($"{known.Count} events were read before the dump, {events.Count} are restored of {all.Count}");
        output.WriteLine(verdict.Output);
    }

    [Fact]
    public async Task Nothing_is_restored_over_orders_and_no_dump_is_written_over()
    {
        await using var source = await LoneServer.StartAsync();
        var database = EmbeddedCluster.FindRunning(Path.Combine(source.Directory, "data"))!;
        var programs = await BackupScripts.FindProgramsAsync(database);
        Assert.SkipWhen(programs is null, "PostgreSQL's programs for backups are not installed.");
        var variables = BackupScripts.Variables(database, programs);
        var dump = Path.Combine(source.Directory, "orderly.dump");
        Succeeded(await BackupScripts.RunAsync("dump", [dump], variables));
        var bytes = await File.ReadAllBytesAsync(dump, TestContext.Current.CancellationToken);

        Refused(await BackupScripts.RunAsync("dump", [dump], variables), "is left as it is");
        Refused(await BackupScripts.RunAsync("restore", [dump], variables), "is not empty");
        (await File.ReadAllBytesAsync(dump, TestContext.Current.CancellationToken)).ShouldBe(bytes);
        File.GetUnixFileMode(dump).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(dump, bytes, TestContext.Current.CancellationToken);
        (await BackupScripts.RunAsync("restore", [dump], variables)).Output.ShouldContain("checksum did NOT match");
    }

    private static void Succeeded(ProgramEnd end) => end.ExitCode.ShouldBe(0, end.Output);

    private static void Refused(ProgramEnd end, string reason)
    {
        end.ExitCode.ShouldBe(1, end.Output);
        end.Output.ShouldContain(reason);
    }

    private static async Task<OrderlyClient> PrepareAsync(LoneServer server)
    {
        var client = new OrderlyClient(server.Address, bug: null);
        (await client.SendAsync(HttpMethod.Put, "/services/deep-clean", """{"name": "Deep clean", "fee": 20}"""))
            .IsSuccess.ShouldBeTrue();
        return client;
    }

    /// <summary>A first page, as a reader has it who is behind, and its token.</summary>
    private static async Task<(List<WholeEvent> Events, string Token)> ReadPageAsync(OrderlyClient client, int count)
    {
        var answer = await client.GetAsync($"/changes?limit={count}&wait=5");
        return (WholeFeed.ReadPage(answer), answer.Body.GetProperty("next").GetString()!);
    }

    private static Task<EmbeddedCluster> StartClusterAsync(string directory) => EmbeddedCluster.StartAsync(
        new EmbeddedClusterOptions { Directory = directory, Durable = false, DeleteWhenStopped = true });

    /// <summary>As an operator makes one: its owner is no superuser.</summary>
    private static async Task<string> MakeDatabaseAsync(EmbeddedCluster cluster)
    {
        await using var source = NpgsqlDataSource.Create(cluster.ConnectionString);
        await using var batch = source.CreateBatch();
        batch.BatchCommands.Add(new("create role app login password 'not-a-secret-here'"));
        await batch.ExecuteNonQueryAsync();
        await using var create = source.CreateCommand("create database elsewhere owner app template template0");
        await create.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(cluster.ConnectionString)
        {
            Username = "app", Password = "not-a-secret-here", Database = "elsewhere",
        }.ConnectionString;
    }

    /// <summary>The newest checkpoint outside the database, once it is one of so many entries.</summary>
    private static async Task<string> KeptAsync(LoneServer server, int entries)
    {
        var kept = Path.Combine(server.Directory, "data", Newest);
        await Patience.UntilAsync(async () => File.Exists(kept)
            && (await File.ReadAllLinesAsync(kept, TestContext.Current.CancellationToken))[1] == $"{entries}");
        return kept;
    }

    private static async Task<int> RevisionsAsync(string connectionString)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand("select count(*)::int from revisions");
        return (int)(await command.ExecuteScalarAsync())!;
    }

    private static async Task<(long Count, long First, long Last)> PositionsAsync(string connectionString)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand("select count(*), min(position), max(position) from feed");
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }
}
