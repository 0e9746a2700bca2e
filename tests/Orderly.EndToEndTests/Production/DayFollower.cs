using System.Diagnostics;
using System.Text.Json;
using Orderly.EndToEndTests.Work;

namespace Orderly.EndToEndTests.Production;

/// <summary>
/// Follows the feed from its start, by long polls or as a stream, holds each event against what was meant, and
/// remembers which version of which order it told of.
/// </summary>
internal sealed class DayFollower(
    string name, OrderlyClient server, bool isStream, DayLedger ledger, DayClock clock) : IDisposable
{
    private const int AgainMilliseconds = 200;

    private readonly FeedSubscription _feed = new(server, isStream, AgainMilliseconds);
    private readonly Dictionary<Guid, int> _newest = [];
    private readonly Dictionary<(Guid Id, int Version), string> _seen = [];
    private int _count;

    public string Name { get; } = name;

    /// <summary>How many events came.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Follows until it is told to stop. A connection that is lost is a fault; it connects again.</summary>
    public Task FollowAsync(CancellationToken stop) => _feed.FollowAsync(
        (entry, _) => Note(entry),
        exception => ledger.AddFault($"{Name} lost its connection: {exception.Message}"), stop);

    /// <summary>Tells as a fault what was acknowledged and did not come. Only once it has stopped.</summary>
    public void Compare()
    {
        foreach (var (version, (marker, _)) in ledger.Acknowledged)
        {
            if (!_seen.TryGetValue(version, out var seen))
            {
                ledger.AddFault($"{Name} did not get {version.Id} version {version.Version}, which is acknowledged");
            }
            else if (seen != marker)
            {
                ledger.AddFault($"{Name} got {seen} as {version.Id} version {version.Version}, which was {marker}");
            }
        }

        if (Count != ledger.VersionCount)
        {
            ledger.AddFault($"{Name} got {Count} events of {ledger.VersionCount}");
        }
    }

    public void Dispose() => server.Dispose();

    private void Note(JsonElement entry)
    {
        var work = isStream ? DayWork.FeedByStream : DayWork.FeedByPoll;
        var id = entry.GetProperty("subject").GetGuid();
        var data = entry.GetProperty("data");
        var facts = OrderFactsReader.Read(data.GetProperty("order"));
        var version = OrderFactsReader.Version(data);
        if (version != _newest.GetValueOrDefault(id) + 1)
        {
            ledger.AddFault($"{Name} got {id} version {version} after {_newest.GetValueOrDefault(id)}");
        }

        if (!ledger.WasMeant(facts.Marker ?? "", facts.TotalFee))
        {
            ledger.AddFault($"{Name} got {facts.Marker} with {facts.TotalFee}, which nobody meant");
        }

        _newest[id] = version;
        _seen[(id, version)] = facts.Marker ?? "";
        Interlocked.Increment(ref _count);
        if (ledger.Acknowledged.TryGetValue((id, version), out var acknowledged))
        {
            clock.Record(work, acknowledged.At);
        }
        else if (!DayTransfers.IsImported(facts.Marker))
        {
            clock.Record(work, Stopwatch.GetTimestamp()); // it came before the answer of its write
        }
    }
}
