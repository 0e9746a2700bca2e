using Orderly.EndToEndTests.Checking;

namespace Orderly.EndToEndTests.Work;

/// <summary>Follows the feed from its start through one server, page by page, and keeps all that it gets.</summary>
internal sealed class FeedReader(string name, OrderlyClient server, Random random, Recorder recorder)
{
    private const int PauseMilliseconds = 20;
    private const int AnswersKept = 8;

    private readonly List<FeedEvent> _events = [];
    private readonly Queue<string> _lastAnswers = new();
    private string? _after;

    public int Count => _events.Count;

    public FeedReading Reading => new(name, _events, string.Join(", ", _lastAnswers));

    public async Task FollowAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await ReadPageAsync(random.Next(1, 300));
            await Task.Delay(PauseMilliseconds, CancellationToken.None);
        }
    }

    /// <summary>Returns how many events came; null: no answer.</summary>
    public async Task<int?> ReadPageAsync(int limit)
    {
        var path = $"/changes?limit={limit}{(_after is null ? "" : "&after=" + Uri.EscapeDataString(_after))}";
        var attempt = await server.GetAsync(path);
        Note(attempt);
        if (!attempt.IsSuccess)
        {
            if (!attempt.IsOpen)
            {
                recorder.Add(new UnexpectedAnswer(name, path, attempt.Status, attempt.Body.ToString()));
            }

            return null;
        }

        var before = _events.Count;
        foreach (var entry in attempt.Body.GetProperty("data").EnumerateArray())
        {
            var type = entry.GetProperty("type").GetString()!;
            var data = entry.GetProperty("data");
            _events.Add(new FeedEvent(
                entry.GetProperty("subject").GetGuid(), OrderFactsReader.Version(data), type,
                OrderFactsReader.Read(data.GetProperty("order"), type == "order.deleted")));
        }

        _after = attempt.Body.GetProperty("next").GetString();
        return _events.Count - before;
    }

    private void Note(Attempt attempt)
    {
        _lastAnswers.Enqueue(attempt.Failure ?? $"{attempt.Status} {attempt.Code}".TrimEnd());
        if (_lastAnswers.Count > AnswersKept)
        {
            _lastAnswers.Dequeue();
        }
    }
}
