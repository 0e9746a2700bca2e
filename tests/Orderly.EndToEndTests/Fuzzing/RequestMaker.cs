using System.Text;

namespace Orderly.EndToEndTests.Fuzzing;

/// <summary>
/// Makes requests of an API from its description. The number of a request and the seed decide all of it, but for what
/// earlier answers told.
/// </summary>
internal sealed class RequestMaker(ApiDescription api, SeenValues seen, string administrator, int seed)
{
    private const int SeedStride = 1_000_003;
    private const int LongHeaderBytes = 40_000;
    private const int ManyHeaders = 150;

    private static readonly string[] Methods =
        ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "QUERY"];

    private static readonly string[] OddHeaders =
    [
        "Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Cookie", "Expect", "Forwarded", "From",
        "If-Match",
        "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Idempotency-Key", "Last-Event-ID",
        "Origin", "Prefer", "Range", "Referer", "TE", "Trailer", "Upgrade", "User-Agent", "Via", "X-Forwarded-For",
        "X-Forwarded-Host", "X-Forwarded-Proto", "X-HTTP-Method-Override", "X-Original-URL", "X-Request-Id", "baggage",
        "traceparent", "tracestate", "Content-Encoding", "Content-Language", "Content-Location", "Proxy-Authorization",
    ];

    private static readonly string[] ElsewherePaths =
    [
        "/", "//", "/.", "/..", "/orders/", "/orders//", "/ORDERS", "/orders/../keys", "/orders/%2e%2e/keys",
        "/orders;a=b",
        "/.env", "/.git/config", "/appsettings.json", "/admin", "/actuator/env", "/swagger", "/openapi/v2.json",
        "/docs/x",
        "/orders/x/y/z", "/openapi/../../appsettings.json", "/docs/%2e%2e%2f%2e%2e%2fappsettings.json",
        "/keys/..;/orders",
        "/metrics/", "/health", "/problems/..%2f..%2fetc%2fpasswd", "/*", "/?", "/orders?", "/orders/%00",
        "/orders/%ff",
    ];

    private readonly SchemaValues _values = new(api, seen);
    private BodyMaker Bodies => new(api, _values);

    public FuzzRequest Make(int number)
    {
        var random = new Random(unchecked((seed * SeedStride) + number));
        if (random.Next(25) == 0)
        {
            return Elsewhere(number, random);
        }

        // Each operation has its turn, whatever chance says.
        var operation = api.Operations[number % api.Operations.Count];
        var draft = Draft(operation, random);
        var kind = random.Next(10) switch
        {
            < 4 => FuzzKind.Valid,
            < 7 => FuzzKind.Near,
            < 9 => FuzzKind.Hostile,
            _ => FuzzKind.Broken,
        };
        var twist = kind switch
        {
            FuzzKind.Valid => "as described",
            FuzzKind.Near => Near(operation, draft, random),
            FuzzKind.Hostile => Hostile(operation, draft, random),
            _ => Break(draft, random),
        };
        var caller = Caller(operation, draft, kind, random);
        return new FuzzRequest(
            number, draft.IsElsewhere ? null : operation, kind, twist, caller, draft.Method, draft.Target,
            draft.Headers, draft.Body);
    }

    /// <summary>A request on its way to be one.</summary>
    private sealed class RequestDraft
    {
        public required string Method { get; set; }
        public required string Path { get; set; }
        public List<string> Query { get; } = [];
        public List<(string Name, string Value)> Headers { get; } = [];
        public byte[]? Body { get; set; }
        public string? MediaType { get; set; }
        public bool IsElsewhere { get; set; }
        public string Target => Query.Count == 0 ? Path : $"{Path}?{string.Join('&', Query)}";
    }

    private RequestDraft Draft(DescribedOperation operation, Random random)
    {
        var draft = new RequestDraft { Method = operation.Method, Path = operation.Path };
        var isSparse = random.Next(2) == 0;
        foreach (var parameter in operation.Parameters.Where(parameter => parameter.IsRequired
            || random.Next(isSparse ? 20 : 5) == 0))
        {
            var value = parameter.In == "path" && random.Next(10) != 0
                && seen.Any(operation.Path.Split('/')[1], random) is { } known && parameter.Name == "id"
                ? known
                : _values.MakeText(parameter.Schema, parameter.Name == "id" ? "" : parameter.Name, random);
            switch (parameter.In)
            {
                case "path":
                    draft.Path = draft.Path.Replace($"{{{parameter.Name}}}", Uri.EscapeDataString(value),
                        StringComparison.Ordinal);
                    break;
                case "query" when parameter.Name == "metadata":
                    draft.Query.Add("metadata.k1=" + random.Next(3));
                    break;
                case "query":
                    draft.Query.Add($"{Uri.EscapeDataString(parameter.Name)}={Uri.EscapeDataString(value)}");
                    break;
                default:
                    draft.Headers.Add((parameter.Name, value));
                    break;
            }
        }

        if (operation.Bodies.Count > 0 && (operation.IsBodyRequired || random.Next(3) != 0))
        {
            var (mediaType, schema) = operation.Bodies.ElementAt(random.Next(operation.Bodies.Count));
            draft.MediaType = mediaType;
            draft.Body = Bodies.Valid(mediaType, schema, random);
            draft.Headers.Add(("Content-Type", mediaType));
        }

        if (random.Next(4) == 0)
        {
            var offered = operation.Answers.Where(answer => answer.Key / 100 == 2)
                .SelectMany(answer => answer.Value.Keys).Append("*/*").ToList();
            draft.Headers.Add(("Accept", offered[random.Next(offered.Count)]));
        }

        if (operation.Method == "GET" && random.Next(10) == 0)
        {
            draft.Method = "HEAD";
        }

        return draft;
    }

    private string Near(DescribedOperation operation, RequestDraft draft, Random random)
    {
        if (draft.MediaType is { } mediaType && random.Next(3) != 0)
        {
            draft.Body = Bodies.Near(mediaType, operation.Bodies[mediaType], random);
            return "the body";
        }

        switch (random.Next(5))
        {
            case 0 when draft.Query.Count > 0:
                draft.Query.Add(draft.Query[random.Next(draft.Query.Count)]);
                return "a parameter twice";
            case 1:
                draft.Query.Add("limitt=1");
                return "an unknown parameter";
            case 2 when operation.Parameters.Where(one => one.In == "query").ToList() is { Count: > 0 } known:
                draft.Query.Add($"{Uri.EscapeDataString(known[random.Next(known.Count)].Name)}="
                    + Uri.EscapeDataString(HostileText.Any(random)));
                return "a parameter that has not such a value";
            case 3 when draft.Body is not null:
                draft.Headers.RemoveAll(header => header.Name == "Content-Type");
                draft.Headers.Add(("Content-Type", random.Next(3) switch
                {
                    0 => "text/plain",
                    1 => "application/json; charset=utf-16",
                    _ => "application/xml",
                }));
                return "another media type";
            default:
                draft.Headers.Add(("If-Match", random.Next(2) == 0 ? "v1" : "W/\"v1\""));
                return "a tag that is none";
        }
    }

    private string Hostile(DescribedOperation operation, RequestDraft draft, Random random)
    {
        switch (random.Next(6))
        {
            case 0 or 1 when draft.MediaType is { } mediaType:
                draft.Body = Bodies.Hostile(mediaType, operation.Bodies[mediaType], random);
                return "the body";
            case 2 when operation.Path.Contains('{'):
                var text = HostileText.Any(random);
                var isEscaped = random.Next(2) == 0;
                draft.Path = operation.Path.Split('{')[0] + (isEscaped ? Uri.EscapeDataString(text) : Sendable(text));

                // What is not escaped, or only dots, may well be the address of something else.
                draft.IsElsewhere = true;
                return "the path";
            case 3:
                draft.Query.Add(random.Next(3) switch
                {
                    0 => Sendable(HostileText.Any(random)),
                    1 => Uri.EscapeDataString(HostileText.Any(random)) + "=1",
                    _ => "q=" + Sendable(HostileText.Any(random)),
                });
                return "the query";
            case 4:
                for (var i = random.Next(30) == 0 ? ManyHeaders : random.Next(1, 4); i > 0; i--)
                {
                    draft.Headers.Add((OddHeaders[random.Next(OddHeaders.Length)], HeaderValue(random)));
                }

                return "headers";
            default:
                draft.Headers.Add(random.Next(10) == 0
                    ? ("X-Long", new string('h', LongHeaderBytes))
                    : ("Accept", HeaderValue(random)));
                return "what is accepted";
        }
    }

    /// <summary>Framing that servers and proxies disagree about, and messages that are none.</summary>
    private static string Break(RequestDraft draft, Random random)
    {
        var headers = draft.Headers;
        switch (random.Next(12))
        {
            case 0:
                headers.AddRange([("Content-Length", "4"), ("Content-Length", "40")]);
                break;
            case 1:
                headers.AddRange([("Content-Length", "4"), ("Transfer-Encoding", "chunked")]);
                draft.Body = "0\r\n\r\nGET /me HTTP/1.1\r\nHost: fuzz\r\n\r\n"u8.ToArray();
                break;
            case 2:
                headers.Add(("Transfer-Encoding", random.Next(2) == 0 ? "xchunked" : "chunked, identity"));
                break;
            case 3:
                headers.Add(("Transfer-Encoding", "chunked"));
                draft.Body = Encoding.UTF8.GetBytes(
                    random.Next(2) == 0 ? "zz\r\nabc\r\n0\r\n\r\n" : "FFFFFFFFFFFFFFFFF\r\na");
                break;
            case 4:
                headers.Add(("Content-Length", random.Next(3) switch { 0 => "-1", 1 => "0x4", _ => "4, 4" }));
                break;
            case 5:
                headers.Add(("X-Request-Id", "a\r\nX-Injected: 1\r\n\r\nGET /me HTTP/1.1"));
                break;
            case 6:
                headers.Add(("X-Folded", "a\r\n b"));
                break;
            case 7:
                headers.Add((random.Next(2) == 0 ? "Content-Length " : "X Y", "3"));
                break;
            case 8:
                headers.Add(("Host", "elsewhere"));
                break;
            case 9:
                draft.Method = random.Next(3) switch { 0 => "G ET", 1 => "", _ => "GET\t" };
                break;
            case 10:
                draft.Path = random.Next(4) switch
                {
                    0 => "http://elsewhere" + draft.Path,
                    1 => "*",
                    2 => "elsewhere:80",
                    _ => draft.Path + " /x",
                };
                break;
            default:
                headers.Add(("X-Zero", "a\0b"));
                break;
        }

        return "the framing";
    }

    private FuzzRequest Elsewhere(int number, Random random)
    {
        var draft = new RequestDraft
        {
            Method = Methods[random.Next(Methods.Length)],
            Path = random.Next(2) == 0
                ? ElsewherePaths[random.Next(ElsewherePaths.Length)]
                : api.Operations[random.Next(api.Operations.Count)].Path
                    .Replace("{id}", "x", StringComparison.Ordinal)
                    .Replace("{version}", "1", StringComparison.Ordinal)
                    .Replace("{code}", "x", StringComparison.Ordinal),
        };
        var caller = Caller(null, draft, FuzzKind.Near, random);
        return new FuzzRequest(number, null, FuzzKind.Near, "the address or the method", caller, draft.Method,
            draft.Path, draft.Headers, null);
    }

    /// <summary>Mostly who may do all; sometimes somebody else.</summary>
    private string Caller(DescribedOperation? operation, RequestDraft draft, FuzzKind kind, Random random)
    {
        var choice = kind == FuzzKind.Valid ? random.Next(4, 100) : random.Next(100);
        var (name, key) = choice switch
        {
            0 => ("no key", null),
            1 => ("a mistyped key", "ord_" + new string('0', 36)),
            2 => ("a key that is none", HeaderValue(random)),
            3 => ("a token that is none", "eyJhbGciOiJub25lIn0.e30."),
            < 14 when seen.Any("key", random) is { } made => ("another key", made),
            _ => ("the administrator", administrator),
        };
        if (key is not null && (operation is not { IsOpen: true } || choice % 2 == 0))
        {
            draft.Headers.Add(choice % 3 == 0 || choice == 3 ? ("Authorization", "Bearer " + key) : ("X-Api-Key", key));
        }

        return name;
    }

    private static string HeaderValue(Random random) =>
        string.Concat(HostileText.Any(random).Where(letter => letter is not ('\r' or '\n' or '\0')));

    /// <summary>As it is, but for what would end the request line.</summary>
    private static string Sendable(string text) => string.Concat(text.Select(letter =>
        letter <= ' ' || letter == '\u007F' ? Uri.HexEscape(letter) : letter.ToString()));
}
