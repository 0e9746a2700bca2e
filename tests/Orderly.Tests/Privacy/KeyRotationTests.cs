using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Orderly.Server.Configuration;
using Orderly.Server.Database;
using Orderly.Server.Privacy;
using Orderly.Server.Startup;
using Orderly.Tests.Harness;
using Orderly.Tests.Orders;

namespace Orderly.Tests.Privacy;

/// <summary>The key-encryption key is changed while the service runs, and the wrong one is never used.</summary>
public sealed class KeyRotationTests(TestCluster cluster)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_version_is_taken_over_and_all_data_keys_are_wrapped_anew_with_nothing_else_written()
    {
        await using var server = new PersonalServer(cluster);
        await ((IAsyncLifetime)server).InitializeAsync();
        string[] paths = [await server.PlacePersonalAsync(), await server.PlacePersonalAsync()];
        var before = await BoxesAsync(server);
        (await VersionsAsync(server)).ShouldBe([1, 1]);

        AddVersion(server.KeyFile, 2);
        await server.Services.GetRequiredService<RewrapKeys>().RefreshAsync(
            isFirst: false, Stop);

        (await VersionsAsync(server)).ShouldBe([2, 2]);
        (await BoxesAsync(server)).ShouldBe(before);
        foreach (var path in paths)
        {
            (await server.Api.GetAsync(path)).ShouldBe(200).String("customer/name").ShouldBe("Ada Lovelace");
            (await server.Api.PatchAsync(path, """{"notes": "on"}""")).ShouldBe(200);
        }

        await server.PlacePersonalAsync();
        (await VersionsAsync(server)).ShouldBe([2, 2, 2]);
        (await server.Api.GetAsync("/orders?customer.email=ADA.lovelace@example.com")).ShouldBe(200).At("data")
            .GetArrayLength().ShouldBe(3, "addresses are found by a key of their own");
        (await server.VerifyAsync()).ShouldBeEmpty();

        // What is not needed any more may go; a server starts without it.
        await File.WriteAllLinesAsync(
            server.KeyFile, (await File.ReadAllLinesAsync(server.KeyFile, Stop)).Where(line => !line.StartsWith("1:")),
            Stop);
        await using var other = new ServerOnDatabase(server);
        await other.InitializeAsync();
        (await other.Api.GetAsync(paths[0])).ShouldBe(200).String("notes").ShouldBe("on");
    }

    [Fact]
    public async Task Another_server_can_read_what_a_version_wrapped_that_it_did_not_know_yet()
    {
        await using var first = new PersonalServer(cluster);
        await ((IAsyncLifetime)first).InitializeAsync();
        await using var second = new ServerOnDatabase(first);
        await second.InitializeAsync();
        AddVersion(first.KeyFile, 5);
        await first.Services.GetRequiredService<RewrapKeys>().RefreshAsync(
            isFirst: false, Stop);
        var path = await first.PlacePersonalAsync();

        (await VersionsAsync(first)).ShouldBe([5]);
        (await second.Api.GetAsync(path)).ShouldBe(200).String("customer/name").ShouldBe("Ada Lovelace");
    }

    [Fact]
    public async Task The_command_says_what_it_did()
    {
        await using var server = new PersonalServer(cluster);
        await ((IAsyncLifetime)server).InitializeAsync();
        await server.PlacePersonalAsync();
        await server.PlacePersonalAsync();
        await server.Database.ExecuteAsync(
            "update order_keys set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1) "
            + "where order_id = (select min(order_id::text)::uuid from order_keys)");
        AddVersion(server.KeyFile, 2);
        using var output = new StringWriter();

        (await Preparation.RewrapAsync(server.Services, output, TextWriter.Null)).ShouldBeFalse();

        output.ToString().ShouldContain("1 data keys were wrapped anew with version 2.");
        output.ToString().ShouldContain("1 could not be unwrapped");
        (await VersionsAsync(server)).Order().ShouldBe([1, 2]);
        server.Log.TakeErrors().ShouldAllBe(entry => entry.Event.Id == 2200);
    }

    [Fact]
    public async Task A_start_without_the_keys_of_the_database_is_refused_with_one_line()
    {
        await using var server = new PersonalServer(cluster);
        await ((IAsyncLifetime)server).InitializeAsync();
        await server.PlacePersonalAsync();
        var lines = await File.ReadAllLinesAsync(server.KeyFile, Stop);
        var file = server.KeyFile + ".other";

        (await RefusedAsync(server, file)).ShouldStartWith($"Privacy:KeyFile: there is no '{file}', but the database");
        File.Exists(file).ShouldBeFalse("no keys are made up where there are some already");
        await File.WriteAllLinesAsync(file, [.. lines.Where(line => !line.StartsWith("1:")), Line(2)], Stop);
        (await RefusedAsync(server, file)).ShouldContain("lacks version 1 of the key");
        await File.WriteAllLinesAsync(file, [.. lines.Where(line => !line.StartsWith("1:")), Line(1)], Stop);
        (await RefusedAsync(server, file)).ShouldContain("version 1 in");
        await File.WriteAllLinesAsync(file,
            [.. lines.Where(line => !line.StartsWith("index:")), Line(1).Replace("1:", "index:")], Stop);
        (await RefusedAsync(server, file)).ShouldContain("the index secret in");
        await File.WriteAllLinesAsync(file, [.. lines, "1: c2hvcnQ="], Stop);
        (await RefusedAsync(server, file)).ShouldContain("is not a name, a colon and 32 bytes in Base64");
        await File.WriteAllLinesAsync(file, [.. lines, lines[^1]], Stop);
        (await RefusedAsync(server, file)).ShouldContain("is there twice");
        await File.WriteAllLinesAsync(file, ["# nothing"], Stop);
        (await RefusedAsync(server, file)).ShouldContain("needs a line");
    }

    [Fact]
    public void A_file_of_keys_is_for_its_owner_alone()
    {
        var directory = Directory.CreateTempSubdirectory("orderly-keys-");
        var path = Path.Combine(directory.FullName, "deeper", "keys");
        KeyFile.Create(path).Newest.ShouldBe(1);

        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        directory.Delete(recursive: true);
    }

    [Fact]
    public void A_data_key_is_kept_for_a_moment_and_only_as_long_as_it_is_wrapped_like_that()
    {
        var clock = new StandingClock();
        var cache = new DataKeyCache(clock);
        var (order, wrapped) = (AWrite.NextId(), new WrappedKey(1, [1, 2, 3]));
        cache.Add(order, wrapped, [7]);

        cache.Find(order, new WrappedKey(1, [1, 2, 3])).ShouldBe([7]);
        cache.Find(order, new WrappedKey(2, [1, 2, 3])).ShouldBeNull();
        cache.Find(order, new WrappedKey(1, [1, 2, 4])).ShouldBeNull();
        clock.Seconds += DataKeyCache.GenerationSeconds;
        cache.Find(order, wrapped).ShouldBe([7]);
        clock.Seconds += DataKeyCache.GenerationSeconds;
        cache.Find(order, wrapped).ShouldBeNull();

        cache.Add(order, wrapped, [7]);
        for (var i = 0; i < 2 * DataKeyCache.GenerationSizeMax; i++)
        {
            cache.Add(AWrite.NextId(), wrapped, [8]);
        }

        cache.Find(order, wrapped).ShouldBeNull("there is room for so many and no more");
    }

    private static async Task<string> RefusedAsync(PersonalServer server, string file)
    {
        var register = new KeyRegister(
            new FileKeyProvider(new PrivacySettings { KeyFile = file }),
            new KeyRegisterStore(server.Services.GetRequiredService<WriteDataSource>()));
        var message = (await Should.ThrowAsync<SettingsException>(
            () => register.OpenAsync(Stop))).Message;
        message.ShouldNotContain('\n');
        return message;
    }

    private static void AddVersion(string file, int version) => File.AppendAllText(file, Line(version) + "\n");

    private static string Line(int version) =>
        $"{version}: {Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}";

    private static Task<List<int>> VersionsAsync(RunningServer server) =>
        server.Database.ListAsync<int>("select kek_version from order_keys");

    private static Task<List<string>> BoxesAsync(RunningServer server) => server.Database.ListAsync<string>(
        "select encode(personal, 'hex') from revisions order by order_id, version");

    private sealed class StandingClock : TimeProvider
    {
        public int Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
