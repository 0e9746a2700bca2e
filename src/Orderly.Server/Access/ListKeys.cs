using System.Globalization;
using Orderly.Contract.Problems;
using Orderly.Server.Http;

namespace Orderly.Server.Access;

/// <summary>Lists keys, the newest first; revoked ones only where they are asked for.</summary>
internal sealed class ListKeys(KeyStore keys)
{
    public static readonly TakesParameter RevokedParameter =
        new("revoked", "string", "include: the revoked ones, too. only: they alone. Left out: those that are not.")
        {
            LengthMax = 7, Values = ["include", "only"],
        };

    public async Task<Result<Paged<ApiKey>>> RunAsync(HttpRequest request, Caller caller, CancellationToken stop)
    {
        var query = QueryInput.Read(
            request, PageInput.Limit.Name, PageInput.After.Name, PageInput.Count.Name, RevokedParameter.Name);
        var size = PageInput.Size(query);
        var revoked = ReadRevoked(query);
        var isCounted = PageInput.CountsExactly(query) is not null;
        var name = $"keys|revoked={revoked}|team={caller.OnlyTeam}";
        var after = PageInput.Position(query, name, ParsePosition);
        if (query.ToProblem() is { } problem)
        {
            return problem;
        }

        var found = await keys.ListAsync(size + 1, after, caller.OnlyTeam, revoked, stop);
        var page = PageInput.Cut(found, size, name, key => [PageInput.KeyOf(key.CreatedAt), key.Id]);
        return isCounted
            ? await page.CountedAsync(
                isFirst: after is null, () => keys.CountAsync(caller.OnlyTeam, revoked, stop))
            : page;
    }

    private static bool? ReadRevoked(QueryInput query)
    {
        switch (query.Text(RevokedParameter.Name))
        {
            case null:
                return false;
            case "include":
                return null;
            case "only":
                return true;
            case { } text:
                query.Faults.AddParameter(ProblemCode.InvalidParameter, RevokedParameter.Name,
                    $"\"revoked\" is include or only; {Suggestion.Quote(text)} is not.");
                return null;
        }
    }

    private static KeyPosition? ParsePosition(string[] texts) =>
        texts is [var ticks, var id] && PageInput.InstantOf(ticks) is { } at
            ? new KeyPosition(at, id)
            : null;
}
