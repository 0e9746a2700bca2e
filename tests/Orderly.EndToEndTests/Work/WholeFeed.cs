using System.Text.Json;

namespace Orderly.EndToEndTests.Work;

/// <summary>One event as it came: which version of which order, and its whole text.</summary>
internal sealed record WholeEvent(Guid Order, int Version, string Text);

/// <summary>Reads the feed from a token to its end.</summary>
internal static class WholeFeed
{
    private const int PageSize = 500;
    private const int WaitSeconds = 1;

    /// <summary>All that there is behind a token, and the token to go on from.</summary>
    public static async Task<(List<WholeEvent> Events, string Next)> ReadAsync(OrderlyClient client, string? after)
    {
        var events = new List<WholeEvent>();
        while (true)
        {
            var from = after is null ? "" : $"&after={Uri.EscapeDataString(after)}";
            var answer = await client.GetAsync($"/changes?limit={PageSize}&wait={WaitSeconds}{from}");
            var page = ReadPage(answer);
            events.AddRange(page);
            after = answer.Body.GetProperty("next").GetString()!;
            if (page.Count == 0)
            {
                return (events, after);
            }
        }
    }

    public static List<WholeEvent> ReadPage(Attempt answer)
    {
        answer.Status.ShouldBe(200, answer.Body.ToString());
        return [.. answer.Body.GetProperty("data").EnumerateArray().Select(Read)];
    }

    private static WholeEvent Read(JsonElement entry) => new(
        entry.GetProperty("subject").GetGuid(), entry.GetProperty("data").GetProperty("version").GetInt32(),
        entry.GetRawText());
}
