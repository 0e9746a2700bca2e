using Orderly.Server.Observability;

namespace Orderly.Server.Http;

/// <summary>What every answer with content has in common, one resource or a page of them.</summary>
internal static class Answer
{
    public const string ReplayedHeader = "Idempotent-Replayed";
    private const int RowSizeHint = 1024;

    /// <summary>What a key sees is for that key alone.</summary>
    public static void AddCacheHeaders(HttpResponse response)
    {
        response.Headers.CacheControl = "private, no-cache";
        response.Headers.Vary = "X-Api-Key, Authorization";
    }

    /// <summary>Says of an answer that an earlier request with the same Idempotency-Key got it first.</summary>
    public static void MarkReplay(HttpContext http, bool isReplay)
    {
        if (isReplay)
        {
            Meters.Replays.Add(1);
            http.Response.Headers[ReplayedHeader] = "true";
        }
    }

    /// <summary>One resource with its version as ETag.</summary>
    public static async Task SendAsync<T>(
        HttpContext http, int status, int version, T resource, Action<T, PooledBuffer> write)
    {
        http.Response.StatusCode = status;
        http.Response.Headers.ETag = Precondition.Tag(version);
        using var body = new PooledBuffer(RowSizeHint);
        write(resource, body);
        await SendAsync(http, body);
    }

    /// <summary>
    /// One page of a list: <c>{"data": […], "next": …, "count": …}</c>, and Link to the next (RFC 8288).
    /// </summary>
    public static async Task SendPageAsync<T>(
        HttpContext http, Paged<T> page, Action<T, PooledBuffer> write, string linkParameter = "cursor")
    {
        var (rows, next) = page;
        RequestFacts.Of(http).Rows = rows.Count;
        http.Response.StatusCode = StatusCodes.Status200OK;
        using var body = new PooledBuffer(RowSizeHint * (rows.Count + 1));
        body.Write("{\"data\":["u8);
        for (var i = 0; i < rows.Count; i++)
        {
            body.Write(i == 0 ? [] : ","u8);
            write(rows[i], body);
        }

        body.Write("],\"next\":"u8);
        if (next is null)
        {
            body.Write("null"u8);
        }
        else
        {
            AddNextLink(http, linkParameter, next);
            body.Write("\""u8);
            body.WriteAscii(next);
            body.Write("\""u8);
        }

        if (page.Count is { } count)
        {
            body.WriteAscii(
                $",\"count\":{{\"value\":{count.Value},\"exact\":{(count.IsExact ? "true" : "false")}}}");
        }

        body.Write("}"u8);

        await SendAsync(http, body);
    }

    /// <summary>For HEAD everything but the body.</summary>
    private static async Task SendAsync(HttpContext http, PooledBuffer body)
    {
        http.Response.ContentType = JsonBody.MediaType;
        http.Response.ContentLength = body.WrittenCount;
        AddCacheHeaders(http.Response);
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(body.WrittenMemory, http.RequestAborted);
        }
    }

    private static void AddNextLink(HttpContext http, string parameter, string next)
    {
        var query = QueryText.With(http.Request, parameter, next);
        http.Response.Headers.Link = $"<{http.Request.Path.ToUriComponent()}{query}>; rel=\"next\"";
    }
}
