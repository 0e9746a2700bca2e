using System.Text.Json;
using Orderly.Server.Access;
using Orderly.Server.Http;

namespace Orderly.Server.Changes;

/// <summary>What the headers and the body of a write say, whatever it writes.</summary>
/// <param name="Claim"><see cref="IdempotencyClaim.None"/> where there is no key.</param>
/// <param name="Precondition">What the headers say; the body may say it, too.</param>
internal sealed record WriteMessage(JsonBodyContent Content, IdempotencyClaim Claim, Precondition Precondition)
    : IDisposable
{
    public JsonElement Body => Content.Json.RootElement;

    /// <summary>Reads it, so that whatever is wrong with the request is told at once; the body comes last.</summary>
    /// <param name="mediaType">What the body must be; null: there may be none.</param>
    /// <param name="answerStatus">The status of the answer, once the write is done.</param>
    /// <param name="faults">Those of the query; those of the headers are added.</param>
    /// <param name="isForNew">Whether there is no version yet that the write could be based on.</param>
    public static async Task<Result<WriteMessage>> ReadAsync(
        HttpContext http, string? mediaType, int answerStatus, Faults faults, bool isForNew = false)
    {
        var key = IdempotencyClaim.ReadKey(http.Request, faults);
        var precondition = isForNew ? Precondition.None : Precondition.Read(http.Request, faults);
        if ((await JsonBody.ReadAsync(http, mediaType)).IsRefused(out var unread, out var content))
        {
            return faults.Join(unread);
        }

        var claim = IdempotencyClaim.Of(http.Request, key, Caller.Of(http).KeyId, content.Bytes, answerStatus);
        return new WriteMessage(content, claim, precondition);
    }

    public void Dispose() => Content.Dispose();
}
