using System.IO.Pipelines;
using Orderly.Server.Http;

namespace Orderly.Server.Transfer;

/// <summary>
/// Sends rows in pieces, and waits until the reader has taken a piece before it makes the next: a slow reader slows
/// the database down and costs no memory. One that takes nothing at all for too long is given up.
/// </summary>
/// <param name="output">Where the pieces go.</param>
/// <param name="countTaken">
/// How many bytes have come to the other end. The sockets between hold megabytes, and let the next piece in only when
/// much of that has drained, so a piece that waits does not tell whether its reader does. Null where it is not known:
/// then those bytes count for whose pieces there was room.
/// </param>
/// <param name="stall">How long a reader may take nothing; longer where it still has much to read.</param>
/// <param name="time">The clock.</param>
/// <param name="stop">Ends it early.</param>
internal sealed class PacedOutput(
    PipeWriter output, Func<long>? countTaken, TimeSpan stall, TimeProvider time, CancellationToken stop)
    : IDisposable
{
    private const int PieceLengthBytes = 64 * 1024;

    /// <summary>How often it is looked whether a slow reader goes on.</summary>
    private const int LooksPerStall = 10;

    /// <summary>How many times as long one may stand still who has much in hand.</summary>
    private const int StallsMax = StreamLimits.StallSecondsMax / StreamLimits.StallSeconds;

    private readonly long _begun = time.GetTimestamp();
    private long _taken;
    private TimeSpan _due;

    /// <summary>Where the next rows are written.</summary>
    public PooledBuffer Rows { get; } = new(2 * PieceLengthBytes);

    /// <summary>How much was sent so far.</summary>
    public long SentBytes { get; private set; }

    /// <summary>After each row: sends what there is, once it is worth it.</summary>
    public ValueTask SendFullAsync() => Rows.WrittenCount < PieceLengthBytes ? ValueTask.CompletedTask : SendAsync();

    /// <summary>Sends what there is; the rows of one order can be many pieces.</summary>
    /// <exception cref="OperationCanceledException">The reader has gone.</exception>
    /// <exception cref="TimeoutException">It took nothing for too long.</exception>
    public async ValueTask SendAsync()
    {
        for (var rest = Rows.WrittenMemory; rest.Length > 0;)
        {
            var piece = rest[..Math.Min(rest.Length, PieceLengthBytes)];
            var sending = output.WriteAsync(piece, stop);
            var sent = sending.IsCompletedSuccessfully ? sending.Result : await WaitAsync(sending.AsTask());
            if (sent.IsCompleted)
            {
                throw new OperationCanceledException("The reader has gone.");
            }

            SentBytes += piece.Length;
            rest = rest[piece.Length..];
        }

        Rows.Clear();
    }

    public void Dispose() => Rows.Dispose();

    private async Task<FlushResult> WaitAsync(Task<FlushResult> sending)
    {
        Credit(CountNew()); // the piece before was taken
        while (true)
        {
            try
            {
                return await sending.WaitAsync(stall / LooksPerStall, time, stop);
            }
            catch (TimeoutException) when (!sending.IsFaulted)
            {
                if (CountNew() is > 0 and var count)
                {
                    Credit(count);
                }
                else if (!sending.IsCompleted && time.GetElapsedTime(_begun) >= _due)
                {
                    throw;
                }
            }
        }
    }

    /// <summary>
    /// The kernel of a reader asks for more only when a good part of its buffer is free. So a reader is given the time
    /// in which even a slow one reads what was taken.
    /// </summary>
    private void Credit(long takenBytes)
    {
        var now = time.GetElapsedTime(_begun);
        var due = _due + TimeSpan.FromSeconds((double)takenBytes / StreamLimits.BytesPerSecondMin);
        _due = TimeSpan.FromTicks(Math.Clamp(due.Ticks, (now + stall).Ticks, (now + (StallsMax * stall)).Ticks));
    }

    private long CountNew()
    {
        var before = _taken;
        _taken = Math.Max(before, countTaken?.Invoke() ?? SentBytes);
        return _taken - before;
    }
}
