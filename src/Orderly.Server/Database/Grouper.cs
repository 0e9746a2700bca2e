using System.Diagnostics;
using System.Threading.Channels;
using Orderly.Server.Observability;

namespace Orderly.Server.Database;

/// <summary>One piece of work that waits to be done together with others.</summary>
internal sealed class Grouped<TWork, TResult>(TWork work, long since)
{
    // What waits goes on where Tell is called: one switch of threads for many answers.
    private readonly TaskCompletionSource<TResult> _completion = new();
    private Func<TaskCompletionSource<TResult>, bool>? _tell;

    public TWork Work { get; } = work;

    /// <summary>The span of who handed it in, where spans are made at all.</summary>
    public Activity? Span { get; } = Spans.Source.HasListeners() ? Activity.Current : null;

    /// <summary>When it was handed in, as a timestamp of the clock.</summary>
    public long Since { get; } = since;

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

    /// <summary>Tells it that there is no answer in time, whatever it is told later.</summary>
    public void TellLate(Exception exception) => _completion.TrySetException(exception);
}

/// <summary>How much a <see cref="Grouper{TWork,TResult}"/> takes on.</summary>
/// <param name="Lanes">How many groups may be in flight at a time.</param>
/// <param name="GroupSizeMax">How much may go into one group.</param>
/// <param name="QueueLengthMax">How much may wait; past it, work is refused rather than queued.</param>
/// <param name="AnswerSeconds">After how long a caller is told that there is no answer.</param>
internal sealed record GrouperLimits(int Lanes, int GroupSizeMax, int QueueLengthMax, int AnswerSeconds)
{
    /// <summary>What is grouped, as metrics and traces name it.</summary>
    public string Work { get; init; } = "other";

    /// <summary>Whether there are helper lanes beside those, for while more is done with them.</summary>
    public bool HasHelpers { get; init; }
}

/// <summary>
/// Does together what comes in together. What queued while the last group was in flight goes in the next; nothing
/// ever waits for company, so a lone caller loses nothing.
/// <code>
///   callers ──► queue ──► lane: take what is there (≤ groupSizeMax) ──► run(group)
///                 │          ▲                                              │
///                 │          └───────── next group, answer each of this ◄───┘
///                 └── watch: what waits too long is refused, what is in flight too long is told to be late
/// </code>
/// </summary>
internal sealed class Grouper<TWork, TResult> : IAsyncDisposable
{
    /// <summary>Answers that go out from one thread, one after the other; more of them share the processors.</summary>
    private const int AnswersPerThread = 16;
    private const int WatchMilliseconds = 250;

    private readonly Channel<Grouped<TWork, TResult>> _queue;
    private readonly GrouperLimits _limits;
    private readonly TimeProvider _time;
    private readonly Func<Exception> _late;
    private readonly Func<IReadOnlyList<Grouped<TWork, TResult>>, int, Task> _run;
    private readonly LaneTrial? _helpers;
    private readonly List<Grouped<TWork, TResult>>[] _groups;
    private readonly Task[] _lanes;
    private readonly Lock _taking = new();
    private readonly ITimer _watch;
    private readonly KeyValuePair<string, object?> _label;

    /// <param name="limits">How much is taken on.</param>
    /// <param name="time">The clock that callers wait by.</param>
    /// <param name="late">What those are told whose group is in flight for too long; it may yet be done.</param>
    /// <param name="run">
    /// Does a group, in the lane of this number, and answers each of it; what it throws fails those left unanswered.
    /// </param>
    public Grouper(
        GrouperLimits limits, TimeProvider time, Func<Exception> late,
        Func<IReadOnlyList<Grouped<TWork, TResult>>, int, Task> run)
    {
        _queue = Channel.CreateBounded<Grouped<TWork, TResult>>(limits.QueueLengthMax);
        _limits = limits;
        _time = time;
        _late = late;
        _run = run;
        _helpers = limits.HasHelpers ? new LaneTrial(time) : null;
        _groups = [.. Enumerable.Range(0, limits.Lanes + (limits.HasHelpers ? LaneTrial.Helpers : 0))
            .Select(_ => new List<Grouped<TWork, TResult>>(limits.GroupSizeMax))];
        _label = Meters.Label("work", limits.Work);

        // A lane serves many requests and belongs to none, least of all to the one that happened to be the first.
        using (ExecutionContext.SuppressFlow())
        {
            _lanes = [.. _groups.Select((_, lane) => Task.Run(() => RunLaneAsync(lane)))];
            var period = TimeSpan.FromMilliseconds(WatchMilliseconds);
            _watch = time.CreateTimer(_ => TellLate(), state: null, period, period);
        }
    }

    /// <summary>Queues work and waits for its result.</summary>
    /// <exception cref="OverloadedException">The queue is full, or the work waited in it for too long.</exception>
    public Task<TResult> SubmitAsync(TWork work)
    {
        var entry = new Grouped<TWork, TResult>(work, _time.GetTimestamp());
        if (_queue.Writer.TryWrite(entry))
        {
            return entry.Completion;
        }

        Meters.Overloads.Add(1, Meters.Label("reason", "queue-full"));
        throw new OverloadedException();
    }

    /// <summary>Does what is queued, then stops.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await Task.WhenAll(_lanes);
        await _watch.DisposeAsync();
    }

    private bool AreHelpersOpen => _helpers is { IsOpen: true };

    /// <summary>
    /// A lane that has no other beside it sends the next group before it answers the last one, so that the work goes on
    /// while answers go out.
    /// </summary>
    private async Task RunLaneAsync(int lane)
    {
        var group = _groups[lane];
        var done = new List<Grouped<TWork, TResult>>(_limits.GroupSizeMax);
        do
        {
            while (Take(lane))
            {
                var running = RunGroupAsync(group, lane);
                TellAll(done);
                await running;
                done.AddRange(group);
                if (_limits.Lanes > 1 || AreHelpersOpen)
                {
                    TellAll(done);
                }
            }

            TellAll(done);
        }
        while (await WaitForWorkAsync(lane));
    }

    /// <summary>Waits for work that the lane may take. False: there will be no more.</summary>
    private async Task<bool> WaitForWorkAsync(int lane)
    {
        if (lane >= _limits.Lanes)
        {
            await Task.WhenAny(_helpers!.WhenOpenAsync(), _queue.Reader.Completion);
        }

        return await _queue.Reader.WaitToReadAsync();
    }

    /// <summary>Fills the group of a lane with what is there for it, in place of what was in it.</summary>
    private bool Take(int lane)
    {
        var group = _groups[lane];
        var areHelpersOpen = AreHelpersOpen;
        var sizeMax = areHelpersOpen ? LaneTrial.GroupSizeMax : _limits.GroupSizeMax;
        if (lane >= _limits.Lanes && !areHelpersOpen)
        {
            return false;
        }

        lock (_taking)
        {
            group.Clear();
            while (group.Count < sizeMax && _queue.Reader.TryRead(out var entry))
            {
                group.Add(entry);
            }

            return group.Count > 0;
        }
    }

    /// <summary>
    /// Queues again what still waits, for a lane that has better luck. It stands behind what came since, so it may be
    /// told that it is late by as much later as this lane had it.
    /// </summary>
    private void GiveBack(List<Grouped<TWork, TResult>> group)
    {
        lock (_taking)
        {
            group.RemoveAll(entry => entry.Completion.IsCompleted || _queue.Writer.TryWrite(entry));
        }

        group.ForEach(entry => entry.Fail(new OverloadedException()));
    }

    private static void TellAll(List<Grouped<TWork, TResult>> done)
    {
        foreach (var told in done.Chunk(AnswersPerThread))
        {
            ThreadPool.UnsafeQueueUserWorkItem(Tell, told, preferLocal: false);
        }

        done.Clear();
    }

    /// <summary>
    /// A lane may stand still for as long as its database does; those who wait for it, or behind it, need not.
    /// </summary>
    private void TellLate()
    {
        var waiting = new List<Grouped<TWork, TResult>>();
        List<Grouped<TWork, TResult>> inFlight;
        lock (_taking)
        {
            while (_queue.Reader.TryPeek(out var next) && IsLate(next) && _queue.Reader.TryRead(out _))
            {
                waiting.Add(next);
            }

            inFlight = [.. _groups.SelectMany(group => group).Where(IsLate)];
        }

        if (waiting.Count > 0)
        {
            Meters.Overloads.Add(waiting.Count, Meters.Label("reason", "waited-too-long"));
        }

        waiting.ForEach(entry => entry.TellLate(new OverloadedException()));
        inFlight.ForEach(entry => entry.TellLate(_late()));
    }

    private bool IsLate(Grouped<TWork, TResult> entry) =>
        !entry.Completion.IsCompleted && _time.GetElapsedTime(entry.Since).TotalSeconds >= _limits.AnswerSeconds;

    private static void Tell(Grouped<TWork, TResult>[] entries)
    {
        foreach (var entry in entries)
        {
            entry.Tell();
        }
    }

#pragma warning disable CA1031 // Whatever goes wrong belongs to those who wait for this group; the lane goes on.
    private async Task RunGroupAsync(List<Grouped<TWork, TResult>> group, int lane)
    {
        var began = _time.GetTimestamp();
        Meters.GroupSize.Record(group.Count, _label);
        Meters.GroupWait.Record(_time.GetElapsedTime(group[0].Since, began).TotalSeconds, _label);
        using var span = Spans.Source.HasListeners()
            ? Spans.StartGroup(_limits.Work, [.. group.Select(entry => entry.Span)])
            : null;
        Exception? failure = null;
        _helpers?.Begin(group.Count);
        try
        {
            await _run(group, lane);
        }
        catch (Exception exception)
        {
            failure = exception;
            span?.SetStatus(ActivityStatusCode.Error);
        }

        _helpers?.End(group.Count, failed: failure is not null);
        if (failure is NotBegunException && lane >= _limits.Lanes)
        {
            GiveBack(group);
        }
        else if (failure is not null)
        {
            group.ForEach(entry => entry.Fail(failure));
        }

        Meters.GroupLanes.Record(AreHelpersOpen ? _groups.Length : _limits.Lanes, _label);
        Meters.GroupDuration.Record(_time.GetElapsedTime(began).TotalSeconds, _label);
    }
#pragma warning restore CA1031
}

/// <summary>More work waits than the service is willing to queue, or for longer. Nothing of it was begun.</summary>
internal sealed class OverloadedException() : Exception("More work waits than may be queued.");

/// <summary>Nothing of the group was begun, since its lane has no connection.</summary>
internal sealed class NotBegunException(Exception inner) : Exception("There is no connection for this lane.", inner);

/// <summary>A write got no answer from the database, so it may have been stored or not.</summary>
internal sealed class UncertainWriteException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The connection was lost where the database may have stored already.</summary>
    public UncertainWriteException(Exception lost)
        : this("The database was lost while it wrote.", lost)
    {
    }
}
