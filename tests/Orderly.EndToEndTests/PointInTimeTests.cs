using System.Globalization;
using Npgsql;
using Orderly.EmbeddedPostgres;
using Orderly.EndToEndTests.Running;
using Orderly.EndToEndTests.Work;
using Orderly.Tests.Harness;

namespace Orderly.EndToEndTests;

/// <summary>
/// A physical backup by <c>deploy/backup/archive-wal</c>, <c>base-backup</c> and <c>restore-to-time</c>, as
/// docs/operations/backup.md tells it.
/// </summary>
[Collection(Soak.OneAtATime)]
public sealed class PointInTimeTests(ITestOutputHelper output) : IDisposable
{
    private const int OrdersInEachPart = 15;
    private const UnixFileMode ForAll = (UnixFileMode)0b111_101_101; // PostgreSQL's user must get through

    private readonly string _home = Directory.CreateTempSubdirectory("orderly-pitr-").FullName;

    private string Archive => Path.Combine(_home, "archive");

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public async Task The_database_is_set_back_to_a_moment_and_holds_exactly_what_was_acknowledged_by_then()
    {
        string? programs;
        ClusterCopy copy;
        string moment;
        List<Guid> inBase = [], inLog = [], later = [];
        var keys = Path.Combine(_home, "keys");
        await using (var cluster = await StartArchivingAsync())
        {
            programs = await BackupScripts.FindProgramsAsync(cluster.ConnectionString);
            Assert.SkipWhen(programs is null, "PostgreSQL's programs for backups are not installed.");
            await using var server = await StartServerAsync(cluster, keys);
            using var client = new OrderlyClient(server.Address, bug: null);
            (await client.SendAsync(HttpMethod.Put, "/services/deep-clean", """{"name": "Deep clean", "fee": 20}"""))
                .IsSuccess.ShouldBeTrue();

            inBase = await PlaceAsync(client, "base");
            copy = await BackUpAsync(cluster, programs);
            inLog = await PlaceAsync(client, "log");
            moment = (await AskAsync(cluster, "select clock_timestamp()::text"))!;
            later = await PlaceAsync(client, "later");
            await WaitForArchiveAsync(cluster);
        }

        await copy.RestoreAsync(Archive, moment, programs);

        await using var restored = await EmbeddedCluster.StartAsync(
            new EmbeddedClusterOptions { Directory = copy.Restored }, TestContext.Current.CancellationToken);
        await UntilAsync(restored, "select (not pg_is_in_recovery())::text");
        (string, string)[] settings =
            [("ConnectionStrings__Orderly", restored.ConnectionString), ("Orderly__DataDirectory", keys)];
        var early = await BackupScripts.CommandAsync("verify", settings);
        early.ExitCode.ShouldBe(1, "the newest checkpoint outside the database tells of what is gone");
        File.Delete(Path.Combine(keys, "checkpoint-key.newest-checkpoint"));
        var verdict = await BackupScripts.CommandAsync("verify", settings);
        verdict.ExitCode.ShouldBe(0, verdict.Output);

        await using var again = await StartServerAsync(restored, keys);
        using var here = new OrderlyClient(again.Address, bug: null);
        var (events, token) = await WholeFeed.ReadAsync(here, after: null, inBase.Count + inLog.Count);
        events.Select(one => one.Order).ShouldBe([.. inBase, .. inLog], ignoreOrder: true);
        (await here.GetAsync($"/orders/{later[0]}")).Status.ShouldBe(404);
        (await here.GetAsync($"/orders/{inLog[^1]}")).Body.GetProperty("customer").GetProperty("name").GetString()
            .ShouldBe("Ada");

        var after = await PlaceAsync(here, "later"); // references of what is gone are free
        (await WholeFeed.ReadAsync(here, token, after.Count)).Events.Select(one => one.Order)
            .ShouldBe(after, ignoreOrder: true);
        (await AskAsync(restored, "select (count(*) = max(position))::text from feed")).ShouldBe("true");
        output.WriteLine($"set back to {moment}: {events.Count} orders kept, {later.Count} gone. {verdict.Output}");
    }

    [Fact]
    public async Task The_archive_takes_a_file_once_and_nothing_else_under_its_name()
    {
        Directory.CreateDirectory(Archive);
        var file = Path.Combine(_home, "segment");
        var kept = Path.Combine(Archive, "000000010000000000000001");
        await File.WriteAllTextAsync(file, "first", TestContext.Current.CancellationToken);
        string[] arguments = [file, Path.GetFileName(kept), Archive];

        (await BackupScripts.RunAsync("archive-wal", arguments)).ExitCode.ShouldBe(0);
        (await BackupScripts.RunAsync("archive-wal", arguments)).ExitCode.ShouldBe(0, "asked again after a crash");
        await File.WriteAllTextAsync(file, "other", TestContext.Current.CancellationToken);
        var refused = await BackupScripts.RunAsync("archive-wal", arguments);
        var nowhere = await BackupScripts.RunAsync("archive-wal", [file, "another", Path.Combine(_home, "none")]);

        refused.ExitCode.ShouldBe(1);
        refused.Output.ShouldContain("is another file");
        nowhere.ExitCode.ShouldNotBe(0, "PostgreSQL must try again");
        (await File.ReadAllTextAsync(kept, TestContext.Current.CancellationToken)).ShouldBe("first");
        Directory.GetFileSystemEntries(Archive).ShouldBe([kept]);
    }

    /// <summary>A cluster that archives by the script, which its user must be able to read.</summary>
    private async Task<EmbeddedCluster> StartArchivingAsync()
    {
        Directory.CreateDirectory(Archive);
        var script = Path.Combine(_home, "archive-wal");
        File.Copy(Path.Combine(BackupScripts.Directory, "archive-wal"), script);
        File.SetUnixFileMode(_home, ForAll);
        File.SetUnixFileMode(script, ForAll);
        var cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions
        {
            Directory = Path.Combine(_home, "a"),
            Settings = new Dictionary<string, string>
            {
                ["archive_mode"] = "on", ["archive_command"] = $"{script} \"%p\" \"%f\" {Archive}",
            },
        });
        await BackupScripts.GiveAsync(Archive, asIs: Path.Combine(_home, "a", "postgres", "data"));
        return cluster;
    }

    private static Task<LoneServer> StartServerAsync(EmbeddedCluster cluster, string keys) => LoneServer.StartAsync(
        ("ConnectionStrings__Orderly", cluster.ConnectionString), ("Orderly__DataDirectory", keys),
        ("Changes__CheckpointEvery", "00:00:00"));

    private static async Task<List<Guid>> PlaceAsync(OrderlyClient client, string part)
    {
        var ids = new List<Guid>();
        for (var i = 0; i < OrdersInEachPart; i++)
        {
            ids.Add(await OrderWriters.PlaceAsync(
                client, string.Create(CultureInfo.InvariantCulture, $"{part}-{i}")));
        }

        return ids;
    }

    private async Task<ClusterCopy> BackUpAsync(EmbeddedCluster cluster, string programs)
    {
        var copy = new ClusterCopy(
            Path.Combine(_home, "a", "postgres"), Path.Combine(_home, "base"), Path.Combine(_home, "b"));
        var end = await BackupScripts.RunAsync(
            "base-backup", [copy.Base], BackupScripts.Variables(cluster.ConnectionString, programs));
        end.ExitCode.ShouldBe(0, end.Output);
        return copy;
    }

    private static async Task<string?> AskAsync(EmbeddedCluster cluster, string sql)
    {
        await using var source = NpgsqlDataSource.Create(cluster.ConnectionString);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync() as string;
    }

    private static async Task WaitForArchiveAsync(EmbeddedCluster cluster)
    {
        var last = await AskAsync(cluster, "select pg_walfile_name(pg_switch_wal())");
        await UntilAsync(cluster, $"select (last_archived_wal >= '{last}')::text from pg_stat_archiver");
    }

    private static Task UntilAsync(EmbeddedCluster cluster, string condition) =>
        Patience.UntilAsync(async () => await AskAsync(cluster, condition) == "true");

    /// <summary>A base backup of an embedded cluster, and where it is restored to.</summary>
    private sealed record ClusterCopy(string Home, string Base, string Restored)
    {
        public async Task RestoreAsync(string archive, string moment, string programs)
        {
            var home = Path.Combine(Restored, "postgres");
            Directory.CreateDirectory(home);
            File.SetUnixFileMode(Restored, ForAll);
            File.SetUnixFileMode(home, ForAll);
            var data = Path.Combine(home, "data");
            var end = await BackupScripts.RunAsync("restore-to-time", [Base, archive, data, moment],
                ("PATH", $"{programs}:{Environment.GetEnvironmentVariable("PATH")}"));
            end.ExitCode.ShouldBe(0, end.Output);
            await BackupScripts.GiveAsync(data, asIs: Path.Combine(Home, "data"));
            foreach (var name in new[] { "pgpass", "embedded-postgres.lock" })
            {
                File.Copy(Path.Combine(Home, name), Path.Combine(home, name));
            }
        }
    }
}
