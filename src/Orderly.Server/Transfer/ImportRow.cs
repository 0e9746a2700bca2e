using Orderly.Contract.Problems;
using Orderly.Server.Http;

namespace Orderly.Server.Transfer;

/// <summary>One order of an import as JSON, or why the row cannot be read.</summary>
/// <param name="Number">Its row, the first where it has several.</param>
/// <param name="Body">The order.</param>
/// <param name="Problem">Why there is none.</param>
internal sealed record ImportRow(long Number, JsonBodyContent? Body, Problem? Problem) : IDisposable
{
    /// <summary>The last row that was read of it.</summary>
    public long LastNumber { get; init; } = Number;

    /// <summary>How much memory it keeps.</summary>
    public int Length => Body?.Bytes.Length ?? 0;

    public static ImportRow Of(long number, byte[] json) =>
        JsonBody.Parse(json).IsRefused(out var problem, out var body)
            ? new ImportRow(number, Body: null, problem)
            : new ImportRow(number, body, Problem: null);

    public static ImportRow Refuse(long number, ProblemCode code, string detail) =>
        new(number, Body: null, new Problem(code, detail));

    public static ImportRow TooLong(long number) => Refuse(number, ProblemCode.BodyTooLarge,
        $"A row has at most {RecordReader.RecordLengthMaxBytes} bytes; in CSV a quote may not be closed.");

    public void Dispose() => Body?.Dispose();
}
