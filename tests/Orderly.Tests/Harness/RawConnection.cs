using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Orderly.Tests.Harness;

/// <summary>A bare connection, for requests that an HTTP client would refuse to send or would repair.</summary>
public sealed class RawConnection : IDisposable
{
    private readonly TcpClient _client;
    private readonly Stream _stream;

    private RawConnection(TcpClient client, Stream stream)
    {
        _client = client;
        _stream = stream;
    }

    /// <param name="tls">How HTTPS is spoken; null: plain HTTP is.</param>
    public static async Task<RawConnection> OpenAsync(Uri address, SslClientAuthenticationOptions? tls = null)
    {
        var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
        if (tls is null)
        {
            return new RawConnection(client, client.GetStream());
        }

        var stream = new SslStream(client.GetStream());
        tls.TargetHost = address.Host;
        await stream.AuthenticateAsClientAsync(tls, TestContext.Current.CancellationToken);
        return new RawConnection(client, stream);
    }

    /// <summary>Sends text, in which line ends stand for CR LF.</summary>
    public Task SendAsync(string text) =>
        SendAsync(Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\r\n")));

    public async Task SendAsync(byte[] bytes) =>
        await _stream.WriteAsync(bytes, TestContext.Current.CancellationToken);

    /// <summary>What has come, as soon as something has.</summary>
    public async Task<string> ReadSomeAsync()
    {
        var buffer = new byte[1024];
        var count = await _stream.ReadAsync(buffer, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(buffer.AsSpan(0, count));
    }

    /// <summary>Everything until the server closes the connection.</summary>
    public async Task<string> ReadToEndAsync()
    {
        using var all = new MemoryStream();
        await _stream.CopyToAsync(all, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(all.ToArray());
    }

    public void Dispose()
    {
        _stream.Dispose();
        _client.Dispose();
    }
}
