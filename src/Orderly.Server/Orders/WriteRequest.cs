using System.Text.Json;
using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Changes;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>
/// All that a write on an order says beside its content: the terms in the query, the precondition, the
/// Idempotency-Key; and the body, as JSON.
/// </summary>
internal sealed class WriteRequest : IDisposable
{
    private readonly WriteMessage _message;

    private WriteRequest(HttpContext http, WriteMessage message, WriteTerms terms, Faults faults)
    {
        Faults = faults;
        Http = http;
        _message = message;
        Terms = terms;
        Claim = message.Claim.For(terms.IsDryRun);
        Caller = Caller.Of(http);
    }

    public HttpContext Http { get; }

    /// <summary>What is wrong with the query and the headers, to be told with what is wrong with the body.</summary>
    public Faults Faults { get; }

    public JsonElement Body => _message.Body;

    public WriteTerms Terms { get; }

    /// <summary><see cref="IdempotencyClaim.None"/> where there is no key.</summary>
    public IdempotencyClaim Claim { get; }

    /// <summary>What the headers say; the body may say it, too.</summary>
    public Precondition Precondition => _message.Precondition;

    public Caller Caller { get; }

    public static async Task<Result<WriteRequest>> ReadAsync(HttpContext http, WriteForm form)
    {
        var query = QueryInput.Read(http.Request, form.Parameters);
        var isForced = query.Bool("force") ?? false;
        if (isForced && !Caller.Of(http).Scopes.Contains(Scopes.OrdersForce))
        {
            return ApiKeyGate.MissingScope(Caller.Of(http), Scopes.OrdersForce);
        }

        var reason = ReadReason(
            query, isRequired: isForced && form.Parameters.Contains("reason", StringComparer.Ordinal));
        var terms = new WriteTerms(query.Bool("dryRun") ?? false, isForced, reason, Claim: null);
        return (await WriteMessage.ReadAsync(http, form.MediaType, form.AnswerStatus, query.Faults, form.IsForNew))
            .IsRefused(out var unread, out var message)
            ? unread
            : new WriteRequest(http, message, terms, query.Faults);
    }

    /// <summary>The order that the write is about, and which version of it.</summary>
    public Result<ChangeTarget> Target(string id, Precondition precondition) =>
        OrderId.TryParse(id, out var orderId)
            ? new ChangeTarget(orderId, Caller, precondition, Terms)
            : OrderStore.NotFound(id);

    public void Dispose() => _message.Dispose();

    private static string? ReadReason(QueryInput query, bool isRequired)
    {
        var reason = query.Text("reason", 1, ReasonText.LengthMax);
        if (isRequired && query.Text("reason") is null)
        {
            query.Faults.AddParameter(ProblemCode.InvalidParameter, "reason",
                "force=true takes a reason, which the revision records.");
        }

        return reason;
    }
}
