using System.Net.Sockets;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Http.Edge;

public sealed class HttpsTests(HttpsServer server) : IClassFixture<HttpsServer>
{
    private const byte Alert = 21;
    private const byte WrongVersion = 70; // RFC 8446, 6.2

    [Theory]
    [InlineData("/docs")]
    [InlineData("/problems")]
    [InlineData("/problems/no-such-problem")]
    [InlineData("/orders")]
    public async Task A_browser_is_told_to_come_back_with_https(string path) =>
        (await server.Api.GetAsync(path, ("Host", "orders.example")))
            .Header("Strict-Transport-Security").ShouldBe("max-age=31536000");

    [Fact]
    public async Task A_message_that_is_none_is_answered_in_full_here_too()
    {
        using var connection = await RawConnection.OpenAsync(server.Address, server.Trusting());
        await connection.SendAsync("nonsense\n\n");
        var answer = await connection.ReadToEndAsync();

        answer.ShouldStartWith("HTTP/1.1 400 Bad Request");
        answer.ShouldContain("\"code\":\"bad-request\"");
        answer.ShouldEndWith("}");
    }

    /// <summary>TLS 1.1, as old clients offer it; those of today do not even offer it any more.</summary>
    [Fact]
    public async Task Versions_before_1_2_are_refused()
    {
        (await HelloAsync(minor: 2)).ShouldBe((Alert, WrongVersion));
        (await HelloAsync(minor: 1)).ShouldBe((Alert, WrongVersion));
        (await HelloAsync(minor: 3)).ShouldNotBe((Alert, WrongVersion));
    }

    /// <summary>Sends the first message of a handshake. The kind of the answer, and the reason of an alert.</summary>
    private async Task<(byte Kind, byte Reason)> HelloAsync(byte minor)
    {
        byte[] hello =
        [
            3, minor, .. Enumerable.Repeat((byte)7, 32), 0, // version, random, no session
            0, 8, 0xc0, 0x09, 0xc0, 0x0a, 0xc0, 0x2b, 0xc0, 0x2c, // ECDHE with ECDSA
            1, 0, // no compression
        ];
        byte[] message =
            [22, 3, 1, 0, (byte)(hello.Length + 4), 1, 0, 0, (byte)hello.Length, .. hello];
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(server.Address.Host, server.Address.Port, TestContext.Current.CancellationToken);
        var stream = tcp.GetStream();
        await stream.WriteAsync(message, TestContext.Current.CancellationToken);
        var answer = new byte[7];
        await stream.ReadExactlyAsync(answer, TestContext.Current.CancellationToken);
        return (answer[0], answer[6]);
    }
}
