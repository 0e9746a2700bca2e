using System.IO.Pipelines;
using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Http;

namespace Orderly.Server.Transfer;

/// <summary>
/// A body as it arrives. A sender who stands still for too long is given up, and one who takes too long in all: each
/// keeps one of few places. So is one whose key ends meanwhile, of whom nothing more is stored, and one who still sends
/// when the server has to end.
/// </summary>
/// <param name="input">The body.</param>
/// <param name="stall">For how long nothing may arrive.</param>
/// <param name="time">The clock.</param>
/// <param name="caller">Who sends it.</param>
/// <param name="tooLong">Has taken too long in all.</param>
/// <param name="stopping">The server ends soon.</param>
internal sealed class PacedInput(
    PipeReader input, TimeSpan stall, TimeProvider time, WatchedCaller caller, CancellationToken tooLong,
    CancellationToken stopping)
    : PipeReader
{
    /// <exception cref="TooSlowException">It took too long.</exception>
    /// <exception cref="LapsedException">The sender may not do this any more, or not here.</exception>
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var mayGoOn = !tooLong.IsCancellationRequested && !stopping.IsCancellationRequested && !caller.HasLapsed;
        if (mayGoOn && input.TryRead(out var there))
        {
            return there;
        }

        using var still = new CancellationTokenSource(stall, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(
            [still.Token, tooLong, stopping, caller.Stop, cancellationToken]);
        try
        {
            return await input.ReadAsync(stop.Token);
        }
        catch (OperationCanceledException) when (caller.HasLapsed)
        {
            throw new LapsedException(await caller.RefusalAsync() ?? new Problem(ProblemCode.MissingScope,
                "Rights that the key had when the import began were taken from it."));
        }
        catch (OperationCanceledException) when (tooLong.IsCancellationRequested)
        {
            throw new TooSlowException(
                $"An import may take {StreamLimits.ImportMinutesMax} minutes; send it in parts.");
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            throw new LapsedException(new Problem(ProblemCode.Overloaded,
                "This server is about to end; another one, or the next, takes the import."));
        }
        catch (OperationCanceledException) when (
            still.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TooSlowException($"Nothing came for {stall.TotalSeconds} s.");
        }
    }

    public override bool TryRead(out ReadResult result) => input.TryRead(out result);

    public override void AdvanceTo(SequencePosition consumed) => input.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) =>
        input.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => input.CancelPendingRead();

    public override void Complete(Exception? exception = null) => input.Complete(exception);
}
