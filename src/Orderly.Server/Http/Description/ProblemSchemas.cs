using Orderly.Contract.Problems;
using Orderly.Server.Access;

namespace Orderly.Server.Http.Description;

/// <summary>What the schemas of refusals say beyond their types.</summary>
internal static class ProblemSchemas
{
    private const int LineLengthMax = 200;
    private const int DetailLengthMax = 4_000;
    private const int PathLengthMax = 8_192;
    /// <summary>Of an import; others tell 100.</summary>
    private const int FaultsMax = 1_000;

    public static void Describe(SchemaBook book)
    {
        var codes = ProblemCodes.All.Select(code => code.ToText()).ToArray();
        var problem = book.AnswerWithoutNulls(nameof(ProblemDocument));
        problem["type"].Format("uri-reference").Shape("^/problems/[a-z0-9-]+$").Text(1, LineLengthMax);
        problem["title"].Text(1, LineLengthMax);
        problem["status"].Whole(StatusCodes.Status400BadRequest, 599);
        problem["detail"].Text(1, DetailLengthMax);
        problem["instance"].Text(1, PathLengthMax);
        problem["code"].Among(codes);
        problem["traceId"].Text(1, LineLengthMax);
        problem["errors"].Items(1, FaultsMax);
        problem["version"].Whole(1, int.MaxValue);
        problem["scope"].Among(Scopes.All);
        problem["received"].Whole(0, long.MaxValue);
        problem["created"].Whole(0, long.MaxValue);
        problem["refused"].Whole(0, long.MaxValue);

        var fault = book.AnswerWithoutNulls(nameof(InputFault));
        fault["row"].Whole(1, long.MaxValue);
        fault["pointer"].Format("uri-reference").Shape("^#").Text(1, PathLengthMax);
        fault["parameter"].Text(0, LineLengthMax);
        fault["code"].Among(codes);
        fault["detail"].Text(1, DetailLengthMax);
    }
}
