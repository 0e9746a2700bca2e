using Microsoft.AspNetCore.Connections;

namespace Orderly.Server.Http.Edge;

/// <summary>
/// Room for the body of the answer that ends a connection. Kestrel answers a message that it can't read with headers
/// alone, since there is no request yet whose body could be written; what <see cref="UnreadableMessages"/> has put
/// here goes out behind them, when Kestrel is done with the connection.
/// </summary>
internal sealed class LastBody
{
    public ReadOnlyMemory<byte> Bytes { get; set; }

    /// <summary>Stands around Kestrel's work on a connection.</summary>
    public static ConnectionDelegate Attach(ConnectionDelegate next) => async connection =>
    {
        var last = new LastBody();
        connection.Features.Set(last);
        await next(connection);
        if (!last.Bytes.IsEmpty)
        {
            await SendAsync(connection, last.Bytes);
        }
    };

    private static async Task SendAsync(ConnectionContext connection, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await connection.Transport.Output.WriteAsync(bytes, connection.ConnectionClosed);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The caller has gone.
        }
    }
}
