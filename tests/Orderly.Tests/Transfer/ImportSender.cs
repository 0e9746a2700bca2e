using Orderly.Tests.Harness;

namespace Orderly.Tests.Transfer;

/// <summary>Sends an import piece by piece, with pauses as a test wants them.</summary>
internal static class ImportSender
{
    public static async Task<RawConnection> BeginAsync(RunningServer server, string query)
    {
        var sender = await RawConnection.OpenAsync(server.Address);
        await sender.SendAsync(
            $"POST /orders/import?{query} HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\nConnection: close\n"
            + $"X-Api-Key: {RunningServer.Key}\nContent-Type: application/x-ndjson\n\n");
        return sender;
    }

    public static Task SendAsync(RawConnection sender, string rows) =>
        sender.SendAsync(System.Text.Encoding.UTF8.GetBytes($"{rows.Length:x}\r\n{rows}\r\n"));

    /// <summary>Until its end: the server may wait for a rest of the body that will not come.</summary>
    public static async Task<string> ReadAsync(RawConnection sender)
    {
        var reply = "";
        while (!reply.EndsWith('}'))
        {
            var some = await sender.ReadSomeAsync();
            reply += some.Length > 0 ? some : throw new InvalidOperationException("It ended early: " + reply);
        }

        return reply;
    }
}
