using System.Net.Http.Headers;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>GET /changes for readers who come too late.</summary>
public sealed class FeedRetentionTests(FeedRetentionTests.ForgetfulServer server)
    : IClassFixture<FeedRetentionTests.ForgetfulServer>
{
    private readonly Api _api = server.Api;

    [Fact]
    public async Task A_token_older_than_the_retention_is_refused_and_nothing_passed_over()
    {
        var token = (await _api.GetAsync("/changes?type=order.erased")).ShouldBe(200).String("next");
        await _api.PlaceAsync();
        while ((await _api.GetAsync("/changes?after=" + token)).Status == 200)
        {
            await Task.Yield();
        }

        (await _api.GetAsync("/changes?after=" + token)).ShouldBe(410).String("code").ShouldBe("token-expired");
        (await StreamStatusAsync(token!)).ShouldBe(410);
        var kept = (await _api.GetAsync("/changes")).ShouldBe(200).String("next");
        (await _api.GetAsync("/changes?after=" + kept)).ShouldBe(200).At("data").GetArrayLength().ShouldBe(0);
        (await server.Database.SingleAsync<long>("select count(*) from feed")).ShouldBe(1, "the leaves stay");
    }

    private async Task<int> StreamStatusAsync(string lastEventId)
    {
        using var http = new HttpClient { BaseAddress = server.Address };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/changes");
        request.Headers.Add("X-Api-Key", RunningServer.Key);
        request.Headers.Add("Last-Event-ID", lastEventId);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        using var response = await http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        return (int)response.StatusCode;
    }

    /// <summary>Forgets soon.</summary>
    public sealed class ForgetfulServer(TestCluster cluster) : RunningServer(cluster)
    {
        protected override IReadOnlyList<(string Name, string Value)> Settings => [("Changes:Retention", "00:00:01")];
    }
}
