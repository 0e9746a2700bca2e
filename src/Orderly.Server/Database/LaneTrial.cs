namespace Orderly.Server.Database;

/// <summary>
/// Says when helper lanes take part. Where work waits for the processor, one lane does most: what a group costs
/// whatever its size is paid least often. Where it waits for the disk, several do more, if the disk reads for several
/// at a time. Which it is shows only when tried: while work is slow the other way is tried for a second now and then,
/// and what did more stays.
/// <code>
///   each second of work: how much was done?
///     much, or little came in at a time ────────────────► closed
///     a trial is due ──► a second of the other way ─────► open where that did 1.1 times as much, otherwise closed
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
    private const double GainMin = 1.1;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    /// <summary>New connections first plan their statements.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan PauseMin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PauseMax = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private TaskCompletionSource _opened = NewOpened();
    private volatile bool _isOpen;

    private int _inFlight;
    private long _changedAt;

    // The present window: how long there was a group in flight, how many groups were done, how much was in them.
    private TimeSpan _busy;
    private int _groups;
    private int _done;
    private bool _isWarmUp;

    // The trials: what was done in a second before the present one, when the last ended, how long until the next.
    private double? _before;
    private long? _triedAt;
    private TimeSpan _pause = PauseMin;

    /// <summary>Whether helper lanes take part.</summary>
    public bool IsOpen => _isOpen;

    /// <summary>Waits until helper lanes take part.</summary>
    public Task WhenOpenAsync()
    {
        lock (_lock)
        {
            return _opened.Task;
        }
    }

    /// <summary>A group goes into flight.</summary>
    public void Begin()
    {
        lock (_lock)
        {
            CountBusy();
            _inFlight++;
        }
    }

    /// <summary>A group is done.</summary>
    /// <param name="count">How much was in it.</param>
    /// <param name="failed">Whether it went wrong as a whole. Then no lane is opened for a while.</param>
    public void End(int count, bool failed)
    {
        lock (_lock)
        {
            CountBusy();
            _inFlight--;
            _groups++;
            _done += count;
            if (failed)
            {
                EndTrial(isOpen: false, PauseMax);
            }
            else if (_busy >= (_isWarmUp ? WarmUp : Window))
            {
                EndWindow();
            }
        }
    }

    private void CountBusy()
    {
        var now = time.GetTimestamp();
        _busy += _inFlight > 0 ? time.GetElapsedTime(_changedAt, now) : TimeSpan.Zero;
        _changedAt = now;
    }

    private void EndWindow()
    {
        var perSecond = _done / _busy.TotalSeconds;
        var atOnce = (double)_done / _groups * (_isOpen ? 1 + Helpers : 1);
        if (_isWarmUp)
        {
            BeginWindow(_isOpen);
        }
        else if (atOnce < AtOnceMin || perSecond > (_isOpen ? 2 * FastPerSecond : FastPerSecond))
        {
            _before = null;
            BeginWindow(isOpen: false);
        }
        else if (_before is { } before)
        {
            var isBetter = _isOpen ? perSecond > GainMin * before : before > GainMin * perSecond;
            EndTrial(isBetter, isBetter == _isOpen ? PauseMin : Longer(_pause));
        }
        else if (_triedAt is not { } triedAt || time.GetElapsedTime(triedAt) >= _pause)
        {
            _before = perSecond;
            BeginWindow(!_isOpen);
        }
        else
        {
            BeginWindow(_isOpen);
        }
    }

    private static TimeSpan Longer(TimeSpan pause) => 2 * pause < PauseMax ? 2 * pause : PauseMax;

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
        _groups = _done = 0;
        _isWarmUp = isOpen != _isOpen;
        if (isOpen && !_isOpen)
        {
            _opened.SetResult();
        }
        else if (!isOpen && _isOpen)
        {
            _opened = NewOpened();
        }

        _isOpen = isOpen;
    }

    private static TaskCompletionSource NewOpened() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
