using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orderly.Server.Transfer;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Transfer;

/// <summary>An import that still comes when the server is told to end.</summary>
public sealed class EndingServerTests(SlowSenderTests.ImpatientServer server)
    : IClassFixture<SlowSenderTests.ImpatientServer>
{
    private const int PieceRows = 1_000;

    [Fact]
    public async Task A_sender_who_goes_on_when_the_server_is_to_end_is_told_what_is_stored()
    {
        using var sender = await ImportSender.BeginAsync(server, "mode=each");
        await ImportSender.SendAsync(sender, string.Concat(Enumerable.Repeat(AnOrder.Least + "\n", PieceRows)));
        server.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        for (var i = 0; i < 2 * StreamLimits.ImportStopSeconds; i++)
        {
            await ImportSender.SendAsync(sender, AnOrder.Least + "\n");
            await Task.Delay(TimeSpan.FromSeconds(0.5), TestContext.Current.CancellationToken);
        }

        var reply = await ImportSender.ReadAsync(sender);
        reply.ShouldStartWith("HTTP/1.1 503 ");
        reply.ShouldContain("\r\nRetry-After: ");
        reply.ShouldContain("\"code\":\"overloaded\"");
        reply.ShouldContain("This server is about to end");
        reply.ShouldContain($"{PieceRows} orders are stored, of the rows up to row {PieceRows}: go on with");
    }
}
