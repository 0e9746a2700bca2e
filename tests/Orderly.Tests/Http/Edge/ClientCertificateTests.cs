using System.Security.Cryptography.X509Certificates;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Http.Edge;

public sealed class ClientCertificateTests(ServerForCertificates strict, ServerLikingCertificates lenient)
    : IClassFixture<ServerForCertificates>, IClassFixture<ServerLikingCertificates>
{
    private static async Task<bool> IsServedAsync(HttpsServer server, X509Certificate2? shown)
    {
        using var caller = new Api(server.Address, RunningServer.Key, server.Trusting(shown));
        try
        {
            (await caller.GetAsync("/orders?limit=1")).ShouldBe(200);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    [Fact]
    public async Task A_certificate_of_the_named_issuer_is_let_in()
    {
        (await IsServedAsync(strict, strict.ClientCertificate)).ShouldBeTrue();
        (await IsServedAsync(lenient, lenient.ClientCertificate)).ShouldBeTrue();
    }

    [Fact]
    public async Task None_is_let_in_only_where_none_is_required()
    {
        (await IsServedAsync(strict, shown: null)).ShouldBeFalse();
        (await IsServedAsync(lenient, shown: null)).ShouldBeTrue();
    }

    [Fact]
    public async Task One_of_another_issuer_is_refused()
    {
        using var other = strict.Authority.Issue(TestAuthority.ForClients);
        using var another = lenient.Authority.Issue(TestAuthority.ForClients);

        (await IsServedAsync(strict, other)).ShouldBeFalse();
        (await IsServedAsync(lenient, another)).ShouldBeFalse();
    }

    [Fact]
    public async Task One_that_has_ended_or_is_not_for_clients_is_refused()
    {
        using var ended = strict.ClientAuthority.Issue(TestAuthority.ForClients, validForDays: -1);
        using var foreign = strict.ClientAuthority.Issue(TestAuthority.ForServers);

        (await IsServedAsync(strict, ended)).ShouldBeFalse();
        (await IsServedAsync(strict, foreign)).ShouldBeFalse();
    }
}
