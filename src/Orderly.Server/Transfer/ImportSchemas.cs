using Orderly.Contract.Orders;
using Orderly.Contract.Problems;
using Orderly.Server.Http.Description;

namespace Orderly.Server.Transfer;

/// <summary>What the schemas of imports say beyond their types.</summary>
internal static class ImportSchemas
{
    private const int PointerLengthMax = 8_192;
    private const int DetailLengthMax = 4_000;

    public static void Describe(SchemaBook book)
    {
        var result = book.Answer(nameof(ImportResult));
        result["received"].Whole(0, long.MaxValue);
        result["created"].Whole(0, long.MaxValue);
        result["refused"].Whole(0, long.MaxValue);
        result["errors"].Items(0, ImportTally.ErrorsMax);
        var fault = book.Answer(nameof(ImportFault));
        fault["row"].Whole(1, long.MaxValue);
        fault["pointer"].Format("uri-reference").Shape("^#").Text(1, PointerLengthMax);
        fault["code"].Among(ProblemCodes.All.Select(code => code.ToText()));
        fault["detail"].Text(1, DetailLengthMax);
    }
}
