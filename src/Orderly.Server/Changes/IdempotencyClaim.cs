using System.Text;
using Orderly.Contract.Problems;
using Orderly.Server.Http;
using Orderly.Server.Privacy;

namespace Orderly.Server.Changes;

/// <summary>
/// A caller's wish that a request be done once, however often it is sent (IETF draft-ietf-httpapi-idempotency-key).
/// </summary>
/// <param name="Caller">Whose key it is; keys of different callers never meet.</param>
/// <param name="Key">The text of Idempotency-Key without quotes.</param>
/// <param name="RequestDigest">Of method, path, query and body: what "the same request" means.</param>
/// <param name="AnswerStatus">The status of the answer, once the request is done.</param>
internal sealed record IdempotencyClaim(string Caller, string Key, byte[] RequestDigest, int AnswerStatus)
{
    public const string Header = "Idempotency-Key";
    private const int LengthMax = 255;

    /// <summary>Whether the request is only tried, so that it meets a used key but uses none up.</summary>
    public bool IsDryRun { get; private init; }

    /// <summary>Stands for a request without a key.</summary>
    public static readonly IdempotencyClaim None = new("", "", [], 0);

    /// <summary>The same for a request that is only tried, where it is.</summary>
    public IdempotencyClaim For(bool isDryRun) =>
        isDryRun && this != None ? this with { IsDryRun = true } : this;

    /// <summary>
    /// The key of a request; null where it has none, or one that can't be read, which becomes a fault. PUT and DELETE
    /// are idempotent by themselves (RFC 9110, 9.2.2), so a key on them counts for nothing.
    /// </summary>
    public static string? ReadKey(HttpRequest request, Faults faults)
    {
        var header = request.Headers[Header];
        var takesKey = HttpMethods.IsPost(request.Method) || HttpMethods.IsPatch(request.Method);
        if (header.Count == 0 || !takesKey)
        {
            return null;
        }

        var key = header.Count == 1 ? header[0]!.Trim() : "";
        if (key.Length >= 2 && key[0] == '"' && key[^1] == '"')
        {
            key = key[1..^1];
        }

        if (key.Length is 0 or > LengthMax || key.Any(letter => letter is <= ' ' or > '~'))
        {
            faults.AddParameter(ProblemCode.InvalidIdempotencyKey, Header,
                $"{Header} takes one key of 1 to {LengthMax} visible ASCII characters, bare or in quotes.");
            return null;
        }

        return key;
    }

    /// <summary>The claim of a request with this key; <see cref="None"/> where there is none.</summary>
    public static IdempotencyClaim Of(
        HttpRequest request, string? key, string caller, byte[] body, int answerStatus) =>
        key is null ? None : new IdempotencyClaim(caller, key, Digest(request, body), answerStatus);

    private static byte[] Digest(HttpRequest request, byte[] body)
    {
        var head = Encoding.UTF8.GetBytes($"{request.Method} {request.Path}{request.QueryString}\n");
        return request.HttpContext.RequestServices.GetRequiredService<RequestDigest>().Of(head, body);
    }
}
