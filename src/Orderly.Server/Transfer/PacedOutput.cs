using System.IO.Pipelines;
using Orderly.Server.Http;

namespace Orderly.Server.Transfer;

/// <summary>
/// Sends rows in pieces, and waits until the reader has taken a piece before it makes the next: a slow reader slows
/// the database down and costs no memory. One that stands still for too long is given up.
/// </summary>
internal sealed class PacedOutput(PipeWriter output, TimeSpan stall, TimeProvider time, CancellationToken stop)
    : IDisposable
{
    private const int PieceLengthBytes = 64 * 1024;

    /// <summary>Where the next rows are written.</summary>
    public PooledBuffer Rows { get; } = new(2 * PieceLengthBytes);

    /// <summary>How much was sent so far.</summary>
    public long SentBytes { get; private set; }

    /// <summary>After each row: sends what there is, once it is worth it.</summary>
    public ValueTask SendFullAsync() => Rows.WrittenCount < PieceLengthBytes ? ValueTask.CompletedTask : SendAsync();

    /// <summary>Sends what there is.</summary>
    /// <exception cref="OperationCanceledException">The reader has gone, or took too long.</exception>
    public async ValueTask SendAsync()
    {
        var sending = output.WriteAsync(Rows.WrittenMemory, stop);
        if (!sending.IsCompletedSuccessfully)
        {
            await sending.AsTask().WaitAsync(stall, time, stop);
        }
        else if (sending.Result.IsCompleted)
        {
            throw new OperationCanceledException("The reader has gone.");
        }

        SentBytes += Rows.WrittenCount;
        Rows.Clear();
    }

    public void Dispose() => Rows.Dispose();
}
