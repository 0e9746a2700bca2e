using System.Diagnostics;
using System.Text.Json;

namespace Orderly.EndToEndTests.Work;

/// <summary>One event as it came: which version of which order, and its whole text.</summary>
internal sealed record WholeEvent(Guid Order, int Version, string Text);

/// <summary>Reads the feed from a token to its end.</summary>
internal static class WholeFeed
{
    private const int PageSize = 500;
    private const int WaitSeconds = 1;
    private const int PatienceSeconds = 30;

    /// <summary>
    /// All that there is behind a token, and the token to go on from. What was written just now may still be on its
    /// way, so it is told how much that is; more than that is returned, too, and less after a long while.
    /// </summary>
    public static async Task<(List<WholeEvent> Events, string Next)> ReadAsync(
        OrderlyClient client, string? after, int count)
    {
        var events = new List<WholeEvent>();
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            var wait = events.Count < count ? WaitSeconds : 0;
            var from = after is null ? "" : $"&after={Uri.EscapeDataString(after)}";
            var answer = await client.GetAsync($"/changes?limit={PageSize}&wait={wait}{from}");
            var page = ReadPage(answer);
            events.AddRange(page);
            after = answer.Body.GetProperty("next").GetString()!;
            if (page.Count == 0 && (wait == 0 || Stopwatch.GetElapsedTime(since).TotalSeconds > PatienceSeconds))
            {
                return (events, after);
            }
        }
    }

    public static List<WholeEvent> ReadPage(Attempt answer)
    {
        answer.ShouldHaveStatus(200);
        return [.. answer.Body.GetProperty("data").EnumerateArray().Select(Read)];
    }

    private static WholeEvent Read(JsonElement entry) => new(
        entry.GetProperty("subject").GetGuid(), entry.GetProperty("data").GetProperty("version").GetInt32(),
        entry.GetRawText());
}
