using System.Globalization;
using System.Text;

namespace Orderly.Bench.Load;

/// <summary>
/// Makes the requests of one connection in a buffer of its own. The same seed makes the same requests, whatever the
/// target: two or three service lines of 50 records, the total stated by one in two, a reference by one in ten.
/// </summary>
internal sealed class OrderRequests
{
    public const int ServiceRecords = 50;
    private const int HeadBytes = 512;
    private const int BufferBytes = 4096;

    private static readonly string[] Regions = ["eu", "us", "apac", "latam"];

    private readonly byte[] buffer = new byte[BufferBytes];
    private readonly byte[] createHead;
    private readonly byte[] commonHead;
    private readonly byte[] list;
    private readonly byte[][] ids;
    private readonly string referencePrefix;
    private readonly Random random;
    private readonly int connection;
    private readonly int connections;
    private long made;

    public OrderRequests(Uri target, string key, byte[][] ids, int connection, int connections, int run)
    {
        this.ids = ids;
        this.connection = connection;
        this.connections = connections;
        var common = $" HTTP/1.1\r\nHost: {target.Authority}\r\nX-Api-Key: {key}\r\n";
        commonHead = Encoding.ASCII.GetBytes(common);
        createHead = Encoding.ASCII.GetBytes($"POST /orders{common}Content-Type: application/json\r\nContent-Length: ");
        list = Encoding.ASCII.GetBytes($"GET /orders?limit=50{common}\r\n");
        referencePrefix = string.Create(CultureInfo.InvariantCulture, $"PO-{run}-{connection}-");
        random = new Random((run * 1000) + connection);
    }

    private static int runs;

    /// <summary>A number for those who make requests together: their references are their own.</summary>
    public static int NextRun() => Interlocked.Increment(ref runs);

    /// <summary>The body of another create as a row of an import; used before the next is made.</summary>
    public ReadOnlyMemory<byte> Row()
    {
        var bodyEnd = WriteBody(random.Next(10) == 0);
        buffer[bodyEnd] = (byte)'\n';
        return buffer.AsMemory(HeadBytes, bodyEnd + 1 - HeadBytes);
    }

    /// <summary>The id that the last read or update asked for.</summary>
    public ReadOnlySpan<byte> LastId => lastId;

    private byte[] lastId = [];

    public ReadOnlyMemory<byte> Next(Workload workload) => workload switch
    {
        Workload.Create => Create(),
        Workload.Read => Read(),
        Workload.List => list,
        Workload.Update => Update(),
        _ => throw new InvalidOperationException($"{workload} is not done a request at a time."),
    };

    private ReadOnlyMemory<byte> Create()
    {
        var bodyEnd = WriteBody(random.Next(10) == 0);
        return WithHead(createHead, bodyEnd);
    }

    private ReadOnlyMemory<byte> Read()
    {
        lastId = ids[random.Next(ids.Length)];
        var text = new Utf8Text(buffer);
        text.Add("GET /orders/"u8);
        text.Add(lastId);
        text.Add(commonHead);
        text.Add("\r\n"u8);
        return buffer.AsMemory(0, text.Length);
    }

    private ReadOnlyMemory<byte> Update()
    {
        // Each connection has orders of its own, so that no target waits for a lock or meets a stale version.
        var perConnection = ids.Length / connections;
        lastId = ids[(random.Next(perConnection) * connections) + connection];
        var bodyEnd = WriteBody(withReference: false);
        Span<byte> scratch = stackalloc byte[HeadBytes];
        var text = new Utf8Text(scratch);
        text.Add("PUT /orders/"u8);
        text.Add(lastId);
        text.Add(commonHead);
        text.Add("Content-Type: application/json\r\nContent-Length: "u8);
        return WithHead(scratch[..text.Length], bodyEnd);
    }

    // The body starts at a fixed place; the head, whose length depends on the body's, is put right before it.
    private ReadOnlyMemory<byte> WithHead(ReadOnlySpan<byte> head, int bodyEnd)
    {
        Span<byte> digits = stackalloc byte[16];
        var text = new Utf8Text(digits);
        text.Add(bodyEnd - HeadBytes);
        text.Add("\r\n\r\n"u8);
        var start = HeadBytes - text.Length - head.Length;
        head.CopyTo(buffer.AsSpan(start));
        digits[..text.Length].CopyTo(buffer.AsSpan(HeadBytes - text.Length));
        return buffer.AsMemory(start, bodyEnd - start);
    }

    private int WriteBody(bool withReference)
    {
        made++;
        var text = new Utf8Text(buffer.AsSpan(HeadBytes));
        text.Add("{\"datetime\":\"2030-0"u8);
        text.Add(random.Next(1, 10));
        text.Add("-1"u8);
        text.Add(random.Next(0, 10));
        text.Add("T09:30:00Z\",\"services\":["u8);
        var lines = random.Next(2, 4);
        var first = random.Next(ServiceRecords);
        for (var i = 0; i < lines; i++)
        {
            text.Add(i == 0 ? "{\"id\":\"service-"u8 : ",{\"id\":\"service-"u8);
            text.Add((first + (i * 7)) % ServiceRecords);
            text.Add("\",\"quantity\":"u8);
            text.Add(random.Next(1, 5));
            text.Add("}"u8);
        }
        text.Add("]"u8);
        if (random.Next(2) == 0)
        {
            text.Add(",\"totalfee\":"u8);
            text.Add(random.Next(20, 400));
            text.Add(".90"u8);
        }
        if (withReference)
        {
            text.Add(",\"reference\":\""u8);
            text.Add(referencePrefix);
            text.Add(made);
            text.Add("\""u8);
        }
        // The number makes every update a change: a write that changes nothing may be answered without storing it.
        text.Add(",\"metadata\":{\"region\":\""u8);
        text.Add(Regions[random.Next(Regions.Length)]);
        text.Add("-"u8);
        text.Add(referencePrefix);
        text.Add(made);
        text.Add("\"}}"u8);
        return HeadBytes + text.Length;
    }
}

/// <summary>Text put together in a span.</summary>
internal ref struct Utf8Text(Span<byte> target)
{
    private readonly Span<byte> target = target;

    public int Length { get; private set; }

    public void Add(ReadOnlySpan<byte> text)
    {
        text.CopyTo(target[Length..]);
        Length += text.Length;
    }

    public void Add(string text) => Length += Encoding.UTF8.GetBytes(text, target[Length..]);

    public void Add(long number)
    {
        if (!number.TryFormat(target[Length..], out var written, provider: CultureInfo.InvariantCulture))
            throw new InvalidOperationException("The request does not fit into its buffer.");
        Length += written;
    }
}
