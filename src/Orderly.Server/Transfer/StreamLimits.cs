using Orderly.Server.Database;

namespace Orderly.Server.Transfer;

/// <summary>
/// How long and how many streams and imports may be: each keeps a connection, and a stream a snapshot.
/// </summary>
internal static class StreamLimits
{
    /// <summary>The others are told to come later.</summary>
    public const int StreamsMax = StreamDataSource.ConnectionsMax;
    public const int ImportsMax = ImportDataSource.ImportsMax;

    /// <summary>A reader that does not take a piece within this time is cut off.</summary>
    public const int StallSeconds = 30;

    /// <summary>A snapshot keeps the database from tidying up, so no stream may hold one for longer.</summary>
    public const int StreamMinutesMax = 60;

    /// <summary>An import of all or nothing is one transaction for as long.</summary>
    public const int ImportMinutesMax = 60;
}

/// <summary>So many at a time, and no queue: who comes later is told to.</summary>
internal sealed class TransferSlots(int max)
{
    private int _taken;

    /// <summary>A slot, free again once it is disposed of; null where all are taken.</summary>
    public IDisposable? TryTake()
    {
        if (Interlocked.Increment(ref _taken) <= max)
        {
            return new Slot(this);
        }

        Interlocked.Decrement(ref _taken);
        return null;
    }

    private sealed class Slot(TransferSlots slots) : IDisposable
    {
        private bool _isFree;

        public void Dispose()
        {
            if (!_isFree)
            {
                _isFree = true;
                Interlocked.Decrement(ref slots._taken);
            }
        }
    }
}
