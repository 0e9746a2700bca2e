using System.Diagnostics;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Http.Edge;

/// <summary>A server whose folder is a link that can be made to lead elsewhere.</summary>
public sealed class LinkedServer(TestCluster cluster) : HttpsServer(cluster)
{
    protected override string Live => Folder.FullName + "-live";

    /// <summary>Lets the link lead to another folder, at one moment.</summary>
    public async Task LeadToAsync(string folder)
    {
        File.CreateSymbolicLink(Live + ".new", folder);
        using var move = Process.Start("mv", ["-fT", Live + ".new", Live]);
        await move.WaitForExitAsync(TestContext.Current.CancellationToken);
        move.ExitCode.ShouldBe(0);
    }

    public override async ValueTask InitializeAsync()
    {
        await LeadToAsync(Folder.FullName);
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        File.Delete(Live);
    }
}

public sealed class CertificateRenewalTests(HttpsServer server, LinkedServer linked)
    : IClassFixture<HttpsServer>, IClassFixture<LinkedServer>
{
    private const int Unusable = 5003;

    [Fact]
    public async Task New_certificates_are_taken_up_under_load_without_a_failed_request()
    {
        using var done = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 3).Select(_ => CallAsync(done.Token)).ToArray();
        for (var i = 0; i < 5; i++)
        {
            var serial = server.Authority.WritePair(server.Folder.FullName);
            await server.UntilAsync(seen => seen == serial);
        }

        await done.CancelAsync();
        (await Task.WhenAll(callers)).ShouldAllBe(count => count > 0);
    }

    [Fact]
    public async Task A_pair_that_does_not_fit_leaves_the_one_before_in_use_and_is_told_of()
    {
        var before = await server.SerialAsync();
        var folder = server.Folder.CreateSubdirectory("other").FullName;
        server.Authority.WritePair(folder);
        TestAuthority.Replace(
            Path.Combine(server.Folder.FullName, "cert.pem"), await File.ReadAllTextAsync(
                Path.Combine(folder, "cert.pem"), TestContext.Current.CancellationToken));

        await server.UntilAsync(seen => seen != before || server.Log.Errors.Count > 0);
        server.Log.TakeErrors().ShouldHaveSingleItem().Event.Id.ShouldBe(Unusable);
        (await server.SerialAsync()).ShouldBe(before);

        var serial = server.Authority.WritePair(server.Folder.FullName);
        await server.UntilAsync(seen => seen == serial);
    }

    [Fact]
    public async Task A_link_that_leads_elsewhere_is_noticed()
    {
        var folder = linked.Folder.CreateSubdirectory("next").FullName;
        var serial = linked.Authority.WritePair(folder);

        await linked.LeadToAsync(folder);

        await linked.UntilAsync(seen => seen == serial);
    }

    /// <summary>Requests on new connections, one after the other. How many there were.</summary>
    private async Task<int> CallAsync(CancellationToken done)
    {
        var count = 0;
        while (!done.IsCancellationRequested)
        {
            using var caller = new Api(server.Address, RunningServer.Key, server.Trusting());
            (await caller.GetAsync("/orders?limit=1")).ShouldBe(200);
            count++;
        }

        return count;
    }
}
