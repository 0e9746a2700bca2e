using System.Globalization;
using Orderly.EmbeddedPostgres;
using static Orderly.Tests.EmbeddedPostgres.TemporaryClusters;

namespace Orderly.Tests.EmbeddedPostgres;

public sealed class ClusterOwnershipTests(MadeCluster made) : IAsyncDisposable
{
    private readonly TemporaryClusters temporary = new();

    public ValueTask DisposeAsync() => temporary.DisposeAsync();

    [Fact]
    public async Task A_second_owner_is_refused_at_once_and_told_the_directory_and_the_first_ones_process()
    {
        await made.CopyToAsync(temporary.Root);
        var first = await temporary.StartAsync();

        var failure = await temporary.StartFailsAsync();
        failure.Message.ShouldContain(temporary.Home);
        failure.Message.ShouldContain($"(process {Environment.ProcessId})");
        (await AskAsync<int>(first, "SELECT 1")).ShouldBe(1);
    }

    [Fact]
    public async Task The_cluster_of_a_killed_owner_goes_on_and_is_taken_over()
    {
        await made.CopyToAsync(temporary.Root);
        await using var owner = await ClusterOwner.StartAsync(temporary);
        var pid = int.Parse(await owner.ReportedAsync("owns "), CultureInfo.InvariantCulture);
        var refused = await temporary.StartFailsAsync();
        refused.Message.ShouldContain($"(process {owner.ProcessId})");

        await owner.KillAsync();
        ClusterProcesses.IsPostgresOf(new ClusterHome(temporary.Home), pid).ShouldBeTrue();

        var cluster = await temporary.StartAsync();
        cluster.PostmasterPid.ShouldBe(pid);
        cluster.IsNew.ShouldBeFalse();
        (await AskAsync<int>(cluster, "SELECT 1")).ShouldBe(1);
        await cluster.StopAsync(TestContext.Current.CancellationToken);
        ClusterProcesses.IsPostgresOf(new ClusterHome(temporary.Home), pid).ShouldBeFalse();
    }

    [Fact]
    public async Task The_cluster_of_a_killed_owner_is_started_anew_when_its_settings_differ()
    {
        await made.CopyToAsync(temporary.Root);
        await using var owner = await ClusterOwner.StartAsync(temporary);
        var pid = int.Parse(await owner.ReportedAsync("owns "), CultureInfo.InvariantCulture);
        await owner.KillAsync();

        var cluster = await temporary.StartAsync(temporary.Options with { Durable = true });
        cluster.PostmasterPid.ShouldNotBe(pid);
        (await AskAsync<string>(cluster, "SHOW fsync")).ShouldBe("on");
    }

    [Fact]
    public async Task A_half_made_cluster_is_made_again()
    {
        await using var owner = await ClusterOwner.StartAsync(temporary);
        await owner.ReportedAsync("Making a new PostgreSQL");
        await owner.KillAsync(withChildren: true);
        Directory.Exists(temporary.Data).ShouldBeFalse();
        var left = Directory.CreateDirectory(Path.Combine(temporary.Home, "data.unfinished-0", "base"));

        var cluster = await temporary.StartAsync();
        cluster.IsNew.ShouldBeTrue();
        (await AskAsync<int>(cluster, "SELECT 1")).ShouldBe(1);
        left.Refresh();
        left.Exists.ShouldBeFalse();
    }

    [Fact]
    public async Task Files_that_are_not_a_cluster_are_left_alone()
    {
        var precious = Path.Combine(temporary.Home, "precious.txt");
        Directory.CreateDirectory(temporary.Home);
        await File.WriteAllTextAsync(precious, "mine", TestContext.Current.CancellationToken);

        var failure = await temporary.StartFailsAsync();
        failure.Message.ShouldContain(temporary.Home);
        failure.Message.ShouldContain("precious.txt");
        (await File.ReadAllTextAsync(precious, TestContext.Current.CancellationToken)).ShouldBe("mine");
        Directory.GetFileSystemEntries(temporary.Home).ShouldBe([precious]);
    }

    [Fact]
    public async Task A_data_directory_without_a_version_is_left_alone()
    {
        await made.CopyToAsync(temporary.Root);
        File.Delete(Path.Combine(temporary.Data, "PG_VERSION"));

        var failure = await temporary.StartFailsAsync();
        failure.Message.ShouldContain(temporary.Data);
        Directory.Exists(Path.Combine(temporary.Data, "base")).ShouldBeTrue();
    }

    [Fact]
    public async Task Data_of_a_version_that_is_not_installed_is_left_alone_and_its_version_named()
    {
        await made.CopyToAsync(temporary.Root);
        await File.WriteAllTextAsync(Path.Combine(temporary.Data, "PG_VERSION"), "99\n",
            TestContext.Current.CancellationToken);

        var failure = await temporary.StartFailsAsync();
        failure.Message.ShouldStartWith("PostgreSQL 99, which made the data, was not found (found only ");
    }

    [Fact]
    public async Task A_parent_directory_that_the_unprivileged_user_can_not_enter_is_named()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root runs PostgreSQL as another user.");
        var closed = Path.Combine(temporary.Root, "closed");
        Directory.CreateDirectory(closed, ClusterDirectory.OwnerOnly);

        var failure = await temporary.StartFailsAsync(
            temporary.Options with { Directory = Path.Combine(closed, "below") });
        failure.Message.ShouldContain($"can't enter '{closed}'");
        failure.Message.ShouldContain($"chmod o+x {closed}");
    }

    [Fact]
    public async Task A_directory_reached_through_a_link_is_the_same_cluster()
    {
        await made.CopyToAsync(temporary.Root);
        var link = temporary.Root + ".link";
        Directory.CreateSymbolicLink(link, temporary.Root);
        try
        {
            await temporary.StartAsync();
            var failure = await temporary.StartFailsAsync(temporary.Options with { Directory = link });
            failure.Message.ShouldContain("is in use by another server");
        }
        finally
        {
            Directory.Delete(link);
        }
    }
}
