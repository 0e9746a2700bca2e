using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Orderly.EndToEndTests.Running;

/// <summary>A span as it came over the wire; ids in hexadecimal digits.</summary>
internal sealed record CollectedSpan(
    string TraceId, string SpanId, string ParentId, string Name, IReadOnlyDictionary<string, string> Attributes);

/// <summary>Takes traces and metrics by OTLP over HTTP, as a collector does.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private const int TextField = 1; // of AnyValue: string_value

    private readonly HttpListener _listener = new();
    private readonly ConcurrentQueue<(string Path, byte[] Body)> _posts = new();
    private readonly Task _serving;

    public OtlpCollector()
    {
        Address = new Uri($"http://127.0.0.1:{FreePort()}/");
        _listener.Prefixes.Add(Address.ToString());
        _listener.Start();
        _serving = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>All that was sent, as text in which names can be found.</summary>
    public string Text(string path) => string.Concat(_posts.Where(post => post.Path == path)
        .Select(post => Encoding.Latin1.GetString(post.Body)));

    /// <summary>All spans that were sent.</summary>
    public IReadOnlyList<CollectedSpan> Spans =>
    [
        .. _posts.Where(post => post.Path == "/v1/traces").SelectMany(post => Fields(post.Body, 1))
            .SelectMany(resource => Fields(resource, 2)).SelectMany(scope => Fields(scope, 2)).Select(ReadSpan),
    ];

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving;
        _listener.Close();
    }

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                _posts.Enqueue((context.Request.Url!.AbsolutePath, body.ToArray()));
                context.Response.ContentType = "application/x-protobuf";
                context.Response.Close();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private static CollectedSpan ReadSpan(byte[] span) => new(
        Hex(span, 1), Hex(span, 2), Hex(span, 4), Encoding.UTF8.GetString(Fields(span, 5).FirstOrDefault([])),
        Fields(span, 9).GroupBy(attribute => Encoding.UTF8.GetString(Fields(attribute, 1).First()))
            .ToDictionary(same => same.Key, same => Value(Fields(same.First(), 2).First())));

    private static string Value(byte[] any) => Encoding.UTF8.GetString(Fields(any, TextField).FirstOrDefault([]));

    private static string Hex(byte[] message, int field) =>
        Convert.ToHexStringLower(Fields(message, field).FirstOrDefault([]));

    /// <summary>The values of a field of a protobuf message that have a length: texts, bytes and messages.</summary>
    private static IEnumerable<byte[]> Fields(byte[] message, int field)
    {
        var at = 0;
        while (at < message.Length)
        {
            var tag = Number(message, ref at);
            switch (tag & 7)
            {
                case 0:
                    Number(message, ref at);
                    break;
                case 1:
                    at += sizeof(ulong);
                    break;
                case 2:
                    var length = (int)Number(message, ref at);
                    if ((int)(tag >> 3) == field)
                    {
                        yield return message[at..(at + length)];
                    }

                    at += length;
                    break;
                case 5:
                    at += sizeof(uint);
                    break;
                default:
                    throw new InvalidOperationException($"This is no protobuf message: tag {tag} at {at}.");
            }
        }
    }

    private static ulong Number(byte[] message, ref int at)
    {
        ulong number = 0;
        for (var shift = 0; ; shift += 7)
        {
            var part = message[at++];
            number |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return number;
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
