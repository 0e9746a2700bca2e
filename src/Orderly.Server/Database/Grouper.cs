using System.Threading.Channels;

namespace Orderly.Server.Database;

/// <summary>One piece of work that waits to be done together with others.</summary>
internal sealed class Grouped<TWork, TResult>(TWork work)
{
    // What waits goes on where Tell is called: one switch of threads for many answers.
    private readonly TaskCompletionSource<TResult> _completion = new();
    private Func<TaskCompletionSource<TResult>, bool>? _tell;

    public TWork Work { get; } = work;

    public Task<TResult> Completion => _completion.Task;

    /// <summary>The first outcome stands. Nobody hears of it before <see cref="Tell"/>.</summary>
    public void Complete(TResult result) => _tell ??= completion => completion.TrySetResult(result);

    /// <inheritdoc cref="Complete"/>
    public void Fail(Exception exception) => _tell ??= completion => completion.TrySetException(exception);

    public void Tell()
    {
        if (_tell is null)
        {
            Fail(new InvalidOperationException("The group was run and this entry left without an answer."));
        }

        _tell!(_completion);
    }
}

/// <summary>
/// Does together what comes in together. What queued while the last group was in flight goes in the next; nothing
/// ever waits for company, so a lone caller loses nothing.
/// <code>
///   callers ──► queue ──► lane: take what is there (≤ groupSizeMax) ──► run(group) ──► answer each,
///                            ▲                                              │         on other threads
///                            └──────────────── next group ◄─────────────────┘
/// </code>
/// </summary>
internal sealed class Grouper<TWork, TResult> : IAsyncDisposable
{
    /// <summary>Answers that go out from one thread, one after the other; more of them share the processors.</summary>
    private const int AnswersPerThread = 16;

    private readonly Channel<Grouped<TWork, TResult>> _queue;
    private readonly int _groupSizeMax;
    private readonly Func<IReadOnlyList<Grouped<TWork, TResult>>, Task> _run;
    private readonly Task[] _lanes;

    /// <param name="lanes">How many groups may be in flight at a time.</param>
    /// <param name="groupSizeMax">How much may go into one group.</param>
    /// <param name="queueLengthMax">How much may wait; past it, work is refused rather than queued.</param>
    /// <param name="run">Does a group and answers each of it; what it throws fails those left unanswered.</param>
    public Grouper(
        int lanes, int groupSizeMax, int queueLengthMax, Func<IReadOnlyList<Grouped<TWork, TResult>>, Task> run)
    {
        _queue = Channel.CreateBounded<Grouped<TWork, TResult>>(new BoundedChannelOptions(queueLengthMax)
        {
            SingleReader = lanes == 1,
        });
        _groupSizeMax = groupSizeMax;
        _run = run;
        _lanes = [.. Enumerable.Range(0, lanes).Select(_ => Task.Run(RunLaneAsync))];
    }

    /// <summary>Queues work and waits for its result.</summary>
    /// <exception cref="OverloadedException">The queue is full.</exception>
    public Task<TResult> SubmitAsync(TWork work)
    {
        var entry = new Grouped<TWork, TResult>(work);
        return _queue.Writer.TryWrite(entry) ? entry.Completion : throw new OverloadedException();
    }

    /// <summary>Does what is queued, then stops.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await Task.WhenAll(_lanes);
    }

    private async Task RunLaneAsync()
    {
        var group = new List<Grouped<TWork, TResult>>(_groupSizeMax);
        while (await _queue.Reader.WaitToReadAsync())
        {
            while (group.Count < _groupSizeMax && _queue.Reader.TryRead(out var entry))
            {
                group.Add(entry);
            }

            if (group.Count > 0)
            {
                await RunGroupAsync(group);
                foreach (var told in group.Chunk(AnswersPerThread))
                {
                    ThreadPool.UnsafeQueueUserWorkItem(Tell, told, preferLocal: false);
                }

                group.Clear();
            }
        }
    }

    private static void Tell(Grouped<TWork, TResult>[] entries)
    {
        foreach (var entry in entries)
        {
            entry.Tell();
        }
    }

#pragma warning disable CA1031 // Whatever goes wrong belongs to those who wait for this group; the lane goes on.
    private async Task RunGroupAsync(List<Grouped<TWork, TResult>> group)
    {
        try
        {
            await _run(group);
        }
        catch (Exception exception)
        {
            foreach (var entry in group)
            {
                entry.Fail(exception);
            }
        }
    }
#pragma warning restore CA1031
}

/// <summary>More work waits than the service is willing to queue.</summary>
internal sealed class OverloadedException() : Exception("More work waits than may be queued.");
