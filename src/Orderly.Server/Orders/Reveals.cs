using System.Collections.Concurrent;
using Orderly.Server.Access;
using Orderly.Server.Database;

namespace Orderly.Server.Orders;

/// <summary>
/// Records that personal data is shown, before it is: once a minute for a key and an order. What is shown at the same
/// time goes into the record together. Where it can't be recorded, it is not shown.
/// </summary>
internal sealed class Reveals : IAsyncDisposable
{
    private const int GroupSizeMax = 64;
    private const int QueueLengthMax = 8_192;
    private const int AnswerSeconds = 6;
    private const int RecentMax = 100_000;
    private const int RepeatSeconds = 60;

    private readonly AuditStore _audit;
    private readonly Ids _ids;
    private readonly TimeProvider _time;
    private readonly Grouper<IReadOnlyList<AuditNote>, bool> _notes;
    private Minute _minute = new(At: 0);

    public Reveals(AuditStore audit, Ids ids, TimeProvider time)
    {
        _audit = audit;
        _ids = ids;
        _time = time;
        _notes = new Grouper<IReadOnlyList<AuditNote>, bool>(
            new GrouperLimits(Lanes: 1, GroupSizeMax, QueueLengthMax, AnswerSeconds) { Work = "reveals" }, time,
            () => new TimeoutException("The database has not answered yet."), (group, _) => RecordGroupAsync(group));
    }

    /// <summary>Records that a caller is shown what is personal of these orders.</summary>
    public async Task RecordAsync(Caller caller, string route, IReadOnlyList<(Guid Id, string Team)> shown)
    {
        var minute = CurrentMinute();
        var open = shown.Where(order => !minute.Told.ContainsKey((caller.KeyId, order.Id))).ToList();
        if (open.Count == 0)
        {
            return;
        }

        await _notes.SubmitAsync([.. Notes(caller, route, open)]);
        foreach (var (id, _) in open.Where(_ => minute.Told.Count < RecentMax))
        {
            minute.Told[(caller.KeyId, id)] = true;
        }
    }

    /// <summary>Records that a stream begins which shows all there is.</summary>
    public async Task<RevealedStream> BeginStreamAsync(Caller caller, string route)
    {
        var stream = new RevealedStream(this, caller, route);
        await RecordStreamAsync(caller, route, "begins", count: null);
        return stream;
    }

    internal Task RecordStreamAsync(Caller caller, string route, string phase, long? count) =>
        _notes.SubmitAsync([Note(caller, caller.Team, AuditTypes.ManyOrders, ("route", route), ("stream", phase),
            ("count", count))]);

    public ValueTask DisposeAsync() => _notes.DisposeAsync();

    /// <summary>An order by itself, or many at once, those of each team by themselves.</summary>
    private IEnumerable<AuditNote> Notes(Caller caller, string route, List<(Guid Id, string Team)> shown) =>
        shown is [var only]
            ? [Note(caller, only.Team, only.Id.ToString("D"), ("route", route))]
            : shown.GroupBy(order => order.Team, StringComparer.Ordinal).Select(team =>
            {
                var ids = team.Select(order => order.Id).Distinct().ToArray();
                return Note(caller, team.Key, AuditTypes.ManyOrders,
                    ("route", route), ("count", ids.Length), ("orders", ids));
            });

    private AuditNote Note(Caller caller, string team, string subject, params (string, object?)[] detail) =>
        new(_ids.Next(), AuditTypes.OrderRevealed, caller.KeyId, team, subject, AuditTypes.Detail(detail));

    private Minute CurrentMinute()
    {
        var at = _time.GetUtcNow().ToUnixTimeSeconds() / RepeatSeconds;
        var minute = Volatile.Read(ref _minute);
        if (minute.At != at)
        {
            minute = new Minute(at);
            Volatile.Write(ref _minute, minute);
        }

        return minute;
    }

    private async Task RecordGroupAsync(IReadOnlyList<Grouped<IReadOnlyList<AuditNote>, bool>> group)
    {
        await _audit.RecordAsync([.. group.SelectMany(entry => entry.Work)]);
        foreach (var entry in group)
        {
            entry.Complete(true);
        }
    }

    private sealed record Minute(long At)
    {
        public ConcurrentDictionary<(string KeyId, Guid OrderId), bool> Told { get; } = new();
    }
}

/// <summary>A stream that shows personal data, whose beginning is recorded.</summary>
internal sealed class RevealedStream(Reveals reveals, Caller caller, string route)
{
    private long _count;

    public void Add(StoredOrder order) => _count += order.PersonalJson is null ? 0 : 1;

    /// <summary>Records of how many orders personal data was sent, also where the stream was cut off.</summary>
    public Task EndAsync() => reveals.RecordStreamAsync(caller, route, "ends", _count);
}
