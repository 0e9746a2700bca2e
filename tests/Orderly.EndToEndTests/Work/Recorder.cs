using System.Collections.Concurrent;
using System.Diagnostics;
using Orderly.EndToEndTests.Checking;

namespace Orderly.EndToEndTests.Work;

/// <summary>Keeps all that the clients did and saw.</summary>
internal sealed class Recorder
{
    private readonly ConcurrentQueue<WriteOperation> _writes = new();
    private readonly ConcurrentQueue<ReadOperation> _reads = new();
    private readonly ConcurrentQueue<UnexpectedAnswer> _unexpected = new();
    private int _count;
    private int _retries;

    public static long Now => Stopwatch.GetTimestamp();

    public IReadOnlyCollection<WriteOperation> Writes => _writes;

    public IReadOnlyCollection<ReadOperation> Reads => _reads;

    public IReadOnlyCollection<UnexpectedAnswer> Unexpected => _unexpected;

    /// <summary>Operations that are finished.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Attempts beyond the first of an operation.</summary>
    public int Retries => Volatile.Read(ref _retries);

    public void Add(WriteOperation write) => _writes.Enqueue(write);

    public void Add(ReadOperation read) => _reads.Enqueue(read);

    public void Add(UnexpectedAnswer answer) => _unexpected.Enqueue(answer);

    public void CountOperation() => Interlocked.Increment(ref _count);

    public void AddRetry() => Interlocked.Increment(ref _retries);

    public History ToHistory(FinalState final) => new([.. _writes], [.. _reads], [.. _unexpected], final);
}
