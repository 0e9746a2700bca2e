namespace Orderly.Server.Database;

/// <summary>
/// Says when helper lanes take part. Where work waits for the processor, one lane does most: what a group costs
/// whatever its size is paid least often. Where it waits for the disk, several do more, if the disk reads for several
/// at a time. Which it is shows only when tried: while work is slow the other way is tried for a moment now and then,
/// and what did more stays.
/// <code>
///   each half second of work
///     was fast, or few were at work at a time ──────────► closed
///     otherwise: a trial is due ──► the other way ──────► open where more was done with helpers, otherwise closed
/// </code>
/// </summary>
internal sealed class LaneTrial(TimeProvider time)
{
    /// <summary>How many lanes there are beside the first.</summary>
    public const int Helpers = 3;

    /// <summary>How much goes into a group at the most while they take part, so that there is some for each.</summary>
    public const int GroupSizeMax = 8;

    /// <summary>Fewer at a time are not worth sharing out.</summary>
    private const int AtOnceMin = 8;

    /// <summary>What one lane does faster than this does not wait for the disk.</summary>
    private const int FastPerSecond = 2_000;

    /// <summary>Nor would one lane, had several done this; below it a trial tells.</summary>
    private const int FastPerSecondHelped = (1 + Helpers) * FastPerSecond;
    private const double GainMin = 1.1;

    /// <summary>
    /// How much one window counts beside those before it. In a single one a checkpoint of the database shows more than
    /// the number of lanes does.
    /// </summary>
    private const double NewShare = 0.25;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(0.5);

    /// <summary>New connections first plan their statements.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan PauseMin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PauseMax = TimeSpan.FromMinutes(5);

    /// <summary>While helpers take part, it is sooner seen that what waited for the disk does not any more.</summary>
    private static readonly TimeSpan PauseMaxOpen = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private volatile TaskCompletionSource _opened = NewOpened();

    private int _inFlight;
    private long _changedAt;

    // The present window: how long anything was in flight, for how long all that was there, how much was done.
    private TimeSpan _busy;
    private TimeSpan _took;
    private int _done;
    private bool _isWarmUp;

    // What is done in a second this way, and, during a trial, what was done the other way.
    private double? _perSecond;
    private double? _before;

    // When the last trial ended, and how long until the next.
    private long? _triedAt;
    private TimeSpan _pause = PauseMin;

    /// <summary>Whether helper lanes take part.</summary>
    public bool IsOpen => _opened.Task.IsCompleted;

    /// <summary>Waits until helper lanes take part.</summary>
    public Task WhenOpenAsync() => _opened.Task;

    /// <summary>A group of so many goes into flight.</summary>
    public void Begin(int count)
    {
        lock (_lock)
        {
            CountTime();
            _inFlight += count;
        }
    }

    /// <summary>A group of so many is done.</summary>
    /// <param name="count">As it was begun.</param>
    /// <param name="failed">Whether it went wrong as a whole. Then no lane is opened for a while.</param>
    public void End(int count, bool failed)
    {
        lock (_lock)
        {
            CountTime();
            _inFlight -= count;
            _done += count;
            if (failed)
            {
                _perSecond = null;
                EndTrial(isOpen: false, PauseMax);
            }
            else if (_busy >= (_isWarmUp ? WarmUp : Window))
            {
                EndWindow();
            }
        }
    }

    private void CountTime()
    {
        var now = time.GetTimestamp();
        var elapsed = time.GetElapsedTime(_changedAt, now);
        _busy += _inFlight > 0 ? elapsed : TimeSpan.Zero;
        _took += _inFlight * elapsed;
        _changedAt = now;
    }

    private void EndWindow()
    {
        var perSecond = _done / _busy.TotalSeconds;
        if (_isWarmUp)
        {
            BeginWindow(IsOpen);
        }
        else if (_before is { } before)
        {
            var isBetter = IsOpen ? perSecond > GainMin * before : before > GainMin * perSecond;
            _perSecond = isBetter == IsOpen ? perSecond : before;
            EndTrial(isBetter, isBetter == IsOpen ? PauseMin : Longer(_pause, isBetter ? PauseMaxOpen : PauseMax));
        }
        else if (_took / _busy < AtOnceMin || perSecond > (IsOpen ? FastPerSecondHelped : FastPerSecond))
        {
            _pause = IsOpen ? PauseMin : _pause;
            _perSecond = null;
            BeginWindow(isOpen: false);
        }
        else
        {
            _perSecond = _perSecond is { } mean ? mean + NewShare * (perSecond - mean) : perSecond;
            var isDue = _triedAt is not { } triedAt || time.GetElapsedTime(triedAt) >= _pause;
            _before = isDue ? _perSecond : null;
            BeginWindow(isDue ? !IsOpen : IsOpen);
        }
    }

    private static TimeSpan Longer(TimeSpan pause, TimeSpan max) => 2 * pause < max ? 2 * pause : max;

    private void EndTrial(bool isOpen, TimeSpan pause)
    {
        _before = null;
        _triedAt = time.GetTimestamp();
        _pause = pause;
        BeginWindow(isOpen);
    }

    /// <summary>Begins to count anew, after a while for getting going where the way is another one.</summary>
    private void BeginWindow(bool isOpen)
    {
        _busy = TimeSpan.Zero;
        _took = TimeSpan.Zero;
        _done = 0;
        _isWarmUp = isOpen != IsOpen;
        if (_isWarmUp && isOpen)
        {
            _opened.SetResult();
        }
        else if (_isWarmUp)
        {
            _opened = NewOpened();
        }
    }

    private static TaskCompletionSource NewOpened() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
