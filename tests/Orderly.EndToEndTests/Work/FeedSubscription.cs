using System.Diagnostics;
using System.Text.Json;

namespace Orderly.EndToEndTests.Work;

/// <summary>
/// Follows the feed from its start as it grows, by long polls or as a stream, connecting again where it must.
/// </summary>
internal sealed class FeedSubscription(OrderlyClient server, bool isStream, int againMilliseconds)
{
    private const int WaitSeconds = 20;
    private const int PageSize = 500;

    private string? _last;

    /// <param name="note">Is told each event, and when it came, as a timestamp.</param>
    /// <param name="lost">Is told why a connection was lost.</param>
    /// <param name="stop">Ends it.</param>
    public async Task FollowAsync(Action<JsonElement, long> note, Action<Exception> lost, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await (isStream ? StreamAsync(note, stop) : PollAsync(note, stop));
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException
                or OperationCanceledException or JsonException)
            {
                if (stop.IsCancellationRequested)
                {
                    return;
                }

                lost(exception);
                await Task.Delay(againMilliseconds, CancellationToken.None);
            }
        }
    }

    private async Task PollAsync(Action<JsonElement, long> note, CancellationToken stop)
    {
        var after = _last is null ? "" : "&after=" + Uri.EscapeDataString(_last);
        using var response = await server.OpenAsync(
            $"/changes?limit={PageSize}&wait={WaitSeconds}{after}", accept: null, stop);
        response.EnsureSuccessStatusCode();
        await using var body = await response.Content.ReadAsStreamAsync(stop);
        using var page = await JsonDocument.ParseAsync(body, cancellationToken: stop);
        var now = Stopwatch.GetTimestamp();
        foreach (var entry in page.RootElement.GetProperty("data").EnumerateArray())
        {
            note(entry, now);
        }

        _last = page.RootElement.GetProperty("next").GetString();
    }

    private async Task StreamAsync(Action<JsonElement, long> note, CancellationToken stop)
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
                var now = Stopwatch.GetTimestamp();
                using var entry = JsonDocument.Parse(line.AsMemory(6));
                note(entry.RootElement, now);
            }
        }
    }
}
