using Orderly.EmbeddedPostgres;
using static Orderly.Tests.EmbeddedPostgres.TemporaryClusters;

namespace Orderly.Tests.EmbeddedPostgres;

public sealed class EmbeddedClusterTests(MadeCluster made) : IAsyncDisposable
{
    private readonly TemporaryClusters temporary = new();

    public ValueTask DisposeAsync() => temporary.DisposeAsync();

    [Fact]
    public async Task A_first_start_makes_a_cluster_that_answers_and_a_later_start_finds_its_data_again()
    {
        var first = await temporary.StartAsync();
        first.IsNew.ShouldBeTrue();
        temporary.Lines.ShouldContain(line => line.StartsWith("Making a new PostgreSQL "));
        await AskAsync<int>(first, "CREATE TABLE kept AS SELECT 42 AS answer; SELECT answer FROM kept");
        await first.StopAsync(TestContext.Current.CancellationToken);

        var second = await temporary.StartAsync();
        second.IsNew.ShouldBeFalse();
        (await AskAsync<int>(second, "SELECT answer FROM kept")).ShouldBe(42);
        second.ConnectionString.ShouldBe(first.ConnectionString);
    }

    [Fact]
    public async Task The_database_is_utf8_with_checksums_and_is_reached_by_a_unix_socket_and_a_password_only()
    {
        var cluster = await temporary.StartAsync(temporary.Options with { Database = "other_name" });

        cluster.Database.ShouldBe("other_name");
        cluster.User.ShouldBe("other_name");
        const string facts = """
            SELECT concat_ws(' ', current_database(), current_user, rolsuper, current_setting('server_encoding'),
                current_setting('data_checksums'), current_setting('TimeZone'), current_setting('jit'),
                left(rolpassword, 13))
            FROM pg_authid WHERE rolname = current_user
            """;
        (await AskAsync<string>(cluster, facts)).ShouldBe("other_name other_name t UTF8 on UTC off SCRAM-SHA-256");
        (await AskAsync<string>(cluster, "SHOW server_version")).ShouldStartWith(cluster.Version);

        cluster.Host.ShouldBe(Path.Combine(temporary.Home, "run"));
        (await AskAsync<string>(cluster, "SHOW listen_addresses")).ShouldBe("");
        await using var stranger = new Npgsql.NpgsqlConnection(
            cluster.ConnectionString.Replace(cluster.Password, "wrong") + ";Pooling=false");
        var refusal = await Should.ThrowAsync<Npgsql.PostgresException>(
            () => stranger.OpenAsync(TestContext.Current.CancellationToken));
        refusal.SqlState.ShouldBe("28P01");
    }

    [Fact]
    public async Task A_durable_cluster_syncs_and_a_throw_away_one_does_not()
    {
        await made.CopyToAsync(temporary.Root);
        const string setting = "SELECT current_setting('fsync') || ' ' || current_setting('full_page_writes')"
            + " || ' ' || current_setting('synchronous_commit')";
        var throwAway = await temporary.StartAsync();
        (await AskAsync<string>(throwAway, setting)).ShouldBe("off off off");
        await throwAway.StopAsync(TestContext.Current.CancellationToken);

        var durable = await temporary.StartAsync(temporary.Options with { Durable = true });
        (await AskAsync<string>(durable, setting)).ShouldBe("on on on");
        await AskAsync<string>(durable, "ALTER SYSTEM SET fsync = off; SHOW fsync");
        await durable.StopAsync(TestContext.Current.CancellationToken);
        durable = await temporary.StartAsync(temporary.Options with { Durable = true });
        (await AskAsync<string>(durable, setting)).ShouldBe("on on on");
    }

    [Fact]
    public async Task A_path_too_long_for_a_unix_socket_gets_a_free_loopback_port()
    {
        Directory.CreateDirectory(temporary.Root);
        var deep = Path.Combine(temporary.Root, new string('d', 100));
        await made.CopyToAsync(deep);
        var cluster = await temporary.StartAsync(temporary.Options with { Directory = deep });

        cluster.Host.ShouldBe("127.0.0.1");
        (await AskAsync<string>(cluster, "SHOW listen_addresses")).ShouldBe("127.0.0.1");
        (await AskAsync<string>(cluster, "SHOW unix_socket_directories")).ShouldBe("");
    }

    [Fact]
    public async Task The_password_file_is_for_its_owner_alone_and_logs_hold_no_values_of_rows()
    {
        await made.CopyToAsync(temporary.Root);
        var cluster = await temporary.StartAsync();
        File.GetUnixFileMode(Path.Combine(temporary.Home, "pgpass"))
            .ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.GetUnixFileMode(temporary.Data)
            .ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        const string violation = """
            CREATE TABLE people (email text PRIMARY KEY);
            INSERT INTO people VALUES ('ada@example.com'), ('ada@example.com') RETURNING email
            """;
        await Should.ThrowAsync<Npgsql.PostgresException>(() => AskAsync<string>(cluster, violation));
        await cluster.StopAsync(TestContext.Current.CancellationToken);
        var log = string.Concat(Directory.GetFiles(Path.Combine(temporary.Home, "log")).Select(File.ReadAllText));
        log.ShouldContain("duplicate key value violates unique constraint");
        log.ShouldNotContain("ada@example.com");
    }

    [Fact]
    public async Task A_stopped_throw_away_cluster_is_deleted_and_stopping_twice_is_harmless()
    {
        await made.CopyToAsync(temporary.Root);
        var cluster = await temporary.StartAsync(temporary.Options with { DeleteWhenStopped = true });
        var pid = cluster.PostmasterPid;
        await cluster.StopAsync(TestContext.Current.CancellationToken);
        await cluster.StopAsync(TestContext.Current.CancellationToken);

        Directory.Exists(temporary.Root).ShouldBeFalse();
        ClusterProcesses.IsPostgresOf(new ClusterHome(temporary.Home), pid).ShouldBeFalse();
    }

    [Fact]
    public async Task A_cluster_keeps_the_database_name_it_was_made_with()
    {
        await made.CopyToAsync(temporary.Root);
        await (await temporary.StartAsync()).StopAsync(TestContext.Current.CancellationToken);

        var failure = await temporary.StartFailsAsync(temporary.Options with { Database = "another" });
        failure.Message.ShouldContain("was made for the database 'orderly', not 'another'");
    }

    [Theory]
    [InlineData("fsync", "off", "can't be changed")]
    [InlineData("PORT", "1", "can't be changed")]
    [InlineData("synchronous_commit", "off", "loses acknowledged writes")]
    [InlineData("work_mem = 1\nfsync", "1", "is not the name of a PostgreSQL setting")]
    public async Task A_setting_that_would_belie_the_options_is_refused(string name, string value, string reason)
    {
        var failure = await temporary.StartFailsAsync(temporary.Options with
        {
            Durable = true,
            Settings = new Dictionary<string, string>(StringComparer.Ordinal) { [name] = value },
        });
        failure.InnerException.ShouldBeNull();
        failure.Message.Replace("\n", " ").ShouldContain(reason);
        Directory.Exists(temporary.Root).ShouldBeFalse();
    }

    [Fact]
    public async Task Settings_reach_the_server_and_a_wrong_one_is_named_with_its_reason()
    {
        await made.CopyToAsync(temporary.Root);
        var wrong = await temporary.StartFailsAsync(With("work_mem", "a lot"));
        wrong.Message.ShouldContain("work_mem");

        var cluster = await temporary.StartAsync(With("application_name", @"it's a \ test"));
        (await AskAsync<string>(cluster, "SELECT reset_val FROM pg_settings WHERE name = 'application_name'"))
            .ShouldBe(@"it's a \ test");

        EmbeddedClusterOptions With(string name, string value) =>
            temporary.Options with
            {
                Settings = new Dictionary<string, string>(StringComparer.Ordinal) { [name] = value },
            };
    }

    [Theory]
    [InlineData("/tmp/has\"quote", "orderly", null)]
    [InlineData("/tmp/has$dollar", "orderly", null)]
    [InlineData("/tmp/never-made", "Not a name", null)]
    [InlineData("/tmp/never-made", "postgres", null)]
    [InlineData("/tmp/never-made", "orderly", 65536)]
    public async Task Impossible_options_are_refused_before_anything_is_made(string directory, string name, int? port)
    {
        await temporary.StartFailsAsync(temporary.Options with { Directory = directory, Database = name, Port = port });
        Directory.Exists(directory).ShouldBeFalse();
    }
}
