using Orderly.Server.Access;
using Orderly.Server.Configuration;
using Orderly.Server.Http;
using Orderly.Server.Privacy;

namespace Orderly.Server.Orders;

/// <summary>How orders are shown in one answer.</summary>
/// <param name="ShowsPersonal">Whether customer and notes are shown as they are, or masked.</param>
internal sealed record Display(TimeSpan UpdatableAfter, bool ShowsPersonal)
{
    /// <summary>customer and notes as the caller may see them.</summary>
    public ReadOnlySpan<byte> Personal(byte[]? json) =>
        json is null ? OrderDocument.NoPersonal
        : ShowsPersonal ? json
        : PersonalMask.Json(json);
}

/// <summary>
/// Decides how orders are shown to a caller. Who gets one that shows what is personal has had that recorded: there is
/// no other way to it.
/// </summary>
internal sealed class OrderDisplay(OrderSettings settings, Reveals reveals)
{
    /// <summary>For an answer with these orders.</summary>
    public ValueTask<Display> ForAsync(
        HttpContext http, IEnumerable<StoredOrder> orders, FieldSelection? fields = null) =>
        ForAsync(
            http,
            [.. orders.Where(order => order.PersonalJson is not null).Select(order => (order.Id, order.Team))],
            fields);

    /// <summary>For an answer that shows what is personal of these orders.</summary>
    public async ValueTask<Display> ForAsync(
        HttpContext http, IReadOnlyList<(Guid Id, string Team)> personal, FieldSelection? fields = null)
    {
        var caller = Caller.Of(http);
        if (personal.Count > 0 && Reveals(http, caller, fields))
        {
            await reveals.RecordAsync(caller, RouteOf(http), personal);
        }

        return Of(caller);
    }

    /// <summary>For the answer to a caller that wrote all of the order just now.</summary>
    public Display ForAuthor(HttpContext http) => Of(Caller.Of(http));

    /// <summary>For a stream. It is recorded before it begins, and how many it showed when it ends.</summary>
    public async ValueTask<(Display Display, RevealedStream? Recorded)> ForStreamAsync(
        HttpContext http, FieldSelection? fields)
    {
        var caller = Caller.Of(http);
        return (Of(caller), Reveals(http, caller, fields)
            ? await reveals.BeginStreamAsync(caller, RouteOf(http))
            : null);
    }

    private Display Of(Caller caller) => new(settings.UpdatableAfter, MayReveal(caller));

    private static bool MayReveal(Caller caller) => caller.Scopes.Contains(Scopes.OrdersReveal);

    private static bool Reveals(HttpContext http, Caller caller, FieldSelection? fields) =>
        MayReveal(caller) && !HttpMethods.IsHead(http.Request.Method)
        && (fields is null || fields.Contains("customer") || fields.Contains("notes"));

    private static string RouteOf(HttpContext http) =>
        $"{http.Request.Method} {(http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText?.TrimEnd('/')}";
}
