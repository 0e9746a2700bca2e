using System.Text.Json;
using Orderly.Server.Access;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>How a write on an order is asked for.</summary>
/// <param name="AnswerStatus">The status of the answer, once the write is done.</param>
/// <param name="MediaType">What the body must be; null: there may be none.</param>
/// <param name="Parameters">The query parameters that the address takes.</param>
internal sealed record WriteForm(int AnswerStatus, string? MediaType, params string[] Parameters)
{
    /// <summary>Whether it makes an order, so that there is no version which it could be based on.</summary>
    public bool IsForNew { get; init; }
}

/// <summary>The way of every write on an order there is: read all of the request, find the order, do it once.</summary>
internal static class WriteFlow
{
    public static async Task<Result<WrittenOrder>> RunAsync<TInput>(
        string id, HttpContext http, IdempotentWrite once, WriteForm form, Func<JsonElement, TInput> read,
        Func<ChangeTarget, TInput, Caller, Task<Result<WrittenOrder>>> run)
        where TInput : IWriteInput
    {
        if ((await WriteRequest.ReadAsync(http, form)).IsRefused(out var unread, out var request))
        {
            return unread;
        }

        using (request)
        {
            var input = read(request.Body);
            input.Faults.Add(request.Faults);
            var precondition = request.Precondition.With(input.Version, input.Faults);
            if (input.Faults.ToUnreadableProblem() is { } unreadable)
            {
                return unreadable;
            }

            return request.Target(id, precondition).IsRefused(out var absent, out var target)
                ? absent
                : await once.RunAsync(
                    request.Claim, request.Caller, claim => run(target.With(claim), input, request.Caller));
        }
    }
}
