using Orderly.Contract.Problems;

namespace Orderly.Server.Http;

/// <summary>
/// Places for what takes long: so many at a time, of which no caller has all. Who finds none waits a moment for one, in
/// turn; most are short. Who took a place gives it back.
/// </summary>
internal sealed class SharedPlaces(int count, TimeProvider time)
{
    private const int WaitSeconds = 2;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _taken = new(StringComparer.Ordinal);
    private readonly LinkedList<Waiting> _waiting = [];

    /// <summary>A quarter of them is for others, where there are two or more.</summary>
    private readonly int _ofOneCaller = Math.Max(1, count - Math.Max(1, count / 4));

    private readonly int _count = count;
    private int _free = count;

    /// <summary>For who found none.</summary>
    /// <param name="what">What runs in these places.</param>
    public Problem Refusal(string what) => new(ProblemCode.Overloaded,
        $"{_count} {what} run at a time, of one caller {_ofOneCaller}, and none ended within {WaitSeconds} s; "
        + "try again later.");

    /// <summary>False: there was none in time.</summary>
    public async ValueTask<bool> TakeAsync(string caller, CancellationToken stop)
    {
        LinkedListNode<Waiting> waiting;
        lock (_lock)
        {
            // Whoever waits while one is free has as many as a caller may have.
            if (TryTake(caller))
            {
                return true;
            }

            waiting = _waiting.AddLast(new Waiting(caller));
        }

        await waiting.Value.Given.Task
            .WaitAsync(TimeSpan.FromSeconds(WaitSeconds), time, stop)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            if (waiting.List is not null)
            {
                _waiting.Remove(waiting);
                return false;
            }

            return true;
        }
    }

    public void GiveBack(string caller)
    {
        lock (_lock)
        {
            _free++;
            if (--_taken[caller] == 0)
            {
                _taken.Remove(caller);
            }

            for (var next = _waiting.First; next is not null; next = next.Next)
            {
                if (TryTake(next.Value.Caller))
                {
                    _waiting.Remove(next);
                    next.Value.Given.SetResult();
                    return;
                }
            }
        }
    }

    private bool TryTake(string caller)
    {
        var taken = _taken.GetValueOrDefault(caller);
        if (_free == 0 || taken >= _ofOneCaller)
        {
            return false;
        }

        _free--;
        _taken[caller] = taken + 1;
        return true;
    }

    private sealed record Waiting(string Caller)
    {
        public TaskCompletionSource Given { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
