namespace Orderly.Server.Http;

/// <summary>So many at a time, and no queue: who comes later is told to. Who took a place gives it back.</summary>
internal sealed class Places(int count)
{
    private int _taken;

    public int Count => count;

    public bool TryTake()
    {
        if (Interlocked.Increment(ref _taken) <= count)
        {
            return true;
        }

        GiveBack();
        return false;
    }

    public void GiveBack() => Interlocked.Decrement(ref _taken);
}
