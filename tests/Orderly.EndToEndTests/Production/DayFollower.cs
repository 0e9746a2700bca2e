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
    private const int WaitSeconds = 20;
    private const int PageSize = 500;
    private const int AgainMilliseconds = 200;

    private readonly Dictionary<Guid, int> _newest = [];
    private readonly Dictionary<(Guid Id, int Version), string> _seen = [];
    private string? _last;
    private int _count;

    public string Name { get; } = name;

    /// <summary>How many events came.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Follows until it is told to stop. A connection that is lost is a fault; it connects again.</summary>
    public async Task FollowAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await (isStream ? StreamAsync(stop) : PollAsync(stop));
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException
                or OperationCanceledException or JsonException)
            {
                ledger.AddFault($"{Name} lost its connection: {exception.Message}");
                await Task.Delay(AgainMilliseconds, CancellationToken.None);
            }
        }
    }

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

    private async Task PollAsync(CancellationToken stop)
    {
        var after = _last is null ? "" : "&after=" + Uri.EscapeDataString(_last);
        using var response = await server.OpenAsync(
            $"/changes?limit={PageSize}&wait={WaitSeconds}{after}", accept: null, stop);
        response.EnsureSuccessStatusCode();
        await using var body = await response.Content.ReadAsStreamAsync(stop);
        using var page = await JsonDocument.ParseAsync(body, cancellationToken: stop);
        foreach (var entry in page.RootElement.GetProperty("data").EnumerateArray())
        {
            Note(entry, DayWork.FeedByPoll);
        }

        _last = page.RootElement.GetProperty("next").GetString();
    }

    private async Task StreamAsync(CancellationToken stop)
    {
        var after = _last is null ? "" : "?after=" + Uri.EscapeDataString(_last);
        using var response = await server.OpenAsync("/changes" + after, "text/event-stream", stop);
        response.EnsureSuccessStatusCode();
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(stop));
        while (await lines.ReadLineAsync(stop) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                _last = line[4..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                using var entry = JsonDocument.Parse(line.AsMemory(6));
                Note(entry.RootElement, DayWork.FeedByStream);
            }
        }
    }

    private void Note(JsonElement entry, DayWork work)
    {
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
