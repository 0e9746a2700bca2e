using System.Runtime.CompilerServices;

namespace Orderly.Server.Transfer;

/// <summary>
/// The rows of an import in pieces, of which the next is read while the one before is stored, so that this process and
/// PostgreSQL both have work. Two pieces are in memory at most.
/// </summary>
internal static class ImportPieces
{
    private const int PieceRowsMax = 1_000;
    private const int PieceLengthMaxBytes = 8 * 1024 * 1024;

    /// <param name="reader">Reads the rows.</param>
    /// <param name="wait">Waits until the next piece is there.</param>
    /// <param name="stop">Ends it early.</param>
    public static async IAsyncEnumerable<ImportPiece> ReadAsync(
        ImportReader reader, Func<Task, Task> wait, [EnumeratorCancellation] CancellationToken stop)
    {
        using var given = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await using var rows = reader.ReadAllAsync(given.Token).GetAsyncEnumerator(given.Token);
        var next = BeginAsync(rows);
        try
        {
            while (true)
            {
                await wait(next);
                var piece = await next;
                if (piece.Rows.Count == 0)
                {
                    break;
                }

                next = BeginAsync(rows);
                yield return piece;
            }
        }
        finally
        {
            await given.CancelAsync(); // whoever takes the pieces may have had enough of them
            await ForgetAsync(next);
        }
    }

    private static async Task ForgetAsync(Task<ImportPiece> unused)
    {
        await ((Task)unused).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (unused.IsCompletedSuccessfully)
        {
            (await unused).Dispose();
        }
    }

    private static Task<ImportPiece> BeginAsync(IAsyncEnumerator<ImportRow> rows) => Task.Run(async () =>
    {
        var piece = new ImportPiece();
        while (piece.Rows.Count < PieceRowsMax && piece.LengthBytes < PieceLengthMaxBytes
            && await rows.MoveNextAsync())
        {
            piece.Add(rows.Current);
        }

        return piece;
    });
}

/// <summary>Some rows of an import, which are kept in memory together.</summary>
internal sealed class ImportPiece : IDisposable
{
    private readonly List<ImportRow> _rows = [];

    public IReadOnlyList<ImportRow> Rows => _rows;

    public long LengthBytes { get; private set; }

    public void Add(ImportRow row)
    {
        _rows.Add(row);
        LengthBytes += row.Length;
    }

    public void Dispose() => _rows.ForEach(row => row.Dispose());
}
