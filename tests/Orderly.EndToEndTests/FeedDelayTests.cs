namespace Orderly.EndToEndTests;

/// <summary>How soon a change is seen by those who follow the feed.</summary>
[Collection(Soak.OneAtATime)]
public sealed class FeedDelayTests(ITestOutputHelper output)
{
    private const int Writes = 60;

    /// <summary>
    /// The goal is 150 ms at the 99th percentile on a quiet machine; a busy one takes longer, and a reader that waits
    /// for a second look of somebody takes longer still.
    /// </summary>
    private const int MedianMillisecondsMax = 500;

    [Fact(Explicit = true)]
    public async Task An_event_reaches_its_readers_soon_after_the_answer_of_its_write()
    {
        var delays = await FeedDelay.MeasureAsync(Writes, writers: 1, pauseMillisecondsMax: 60);

        foreach (var delay in delays)
        {
            output.WriteLine(delay.ToString());
            delay.Median.ShouldBeLessThan(MedianMillisecondsMax, delay.ToString());
        }
    }
}
