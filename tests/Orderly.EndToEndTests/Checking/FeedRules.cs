namespace Orderly.EndToEndTests.Checking;

/// <summary>What must hold of the feed: it is the log, in an order that every reader sees alike.</summary>
internal static class FeedRules
{
    public static IEnumerable<Violation> Check(FinalState final, LogIndex log) =>
    [
        .. CheckPlaces(final.Places, log),
        .. final.Readings.SelectMany(reading => CheckReading(reading, final.Places, log)),
    ];

    private static IEnumerable<Violation> CheckPlaces(IReadOnlyList<FeedPlace> places, LogIndex log)
    {
        var position = 0L;
        foreach (var place in places.OrderBy(place => place.Position))
        {
            position++;
            if (place.Position != position)
            {
                yield return new Violation(Rule.FeedPositionsAreDense,
                    $"position {position} is missing before {place}");
                position = place.Position;
            }
        }

        var shown = places.CountBy(place => (place.OrderId, place.Version)).ToDictionary();
        foreach (var version in log.ByOrder.SelectMany(versions => versions))
        {
            if (shown.GetValueOrDefault((version.OrderId, version.Version)) is var times and not 1)
            {
                yield return new Violation(Rule.FeedIsTheLog,
                    $"{version.OrderId}/{version.Version} is in the feed {times} times");
            }
        }

        foreach (var (name, _) in shown.Where(entry => log.Find(entry.Key.OrderId, entry.Key.Version) is null))
        {
            yield return new Violation(Rule.FeedIsTheLog, $"{name} is in the feed and not in the log");
        }
    }

    private static IEnumerable<Violation> CheckReading(
        FeedReading reading, IReadOnlyList<FeedPlace> places, LogIndex log)
    {
        var expected = places.OrderBy(place => place.Position).Select(place => (place.OrderId, place.Version)).ToList();
        var got = reading.Events.Select(entry => (entry.OrderId, entry.Version)).ToList();
        var same = expected.Zip(got).TakeWhile(pair => pair.First == pair.Second).Count();
        if (same < expected.Count || same < got.Count)
        {
            yield return new Violation(Rule.FeedReadersAgree,
                $"{reading.Reader} got {got.Count} of {expected.Count} events and leaves the feed at {same}: "
                + $"{At(got, same)} where {At(expected, same)} is next; the last answers: {reading.LastAnswers}");
        }

        var last = new Dictionary<Guid, int>();
        foreach (var entry in reading.Events)
        {
            if (entry.Version != last.GetValueOrDefault(entry.OrderId) + 1)
            {
                yield return new Violation(Rule.FeedIsTheLog,
                    $"{reading.Reader} got {entry.OrderId}/{entry.Version} after version "
                    + $"{last.GetValueOrDefault(entry.OrderId)}");
            }

            last[entry.OrderId] = entry.Version;
            if (log.Find(entry.OrderId, entry.Version) is { } version && version.Facts != entry.Facts)
            {
                yield return new Violation(Rule.FeedIsTheLog,
                    $"{reading.Reader} got {entry}, the log has {version.Facts}");
            }
        }
    }

    private static string At(List<(Guid, int)> entries, int index) =>
        index < entries.Count ? entries[index].ToString() : "nothing";
}
