namespace Orderly.Tests.Harness;

/// <summary>Waits for what comes by itself, and fails where it does not.</summary>
internal static class Patience
{
    private const int PollMilliseconds = 20;
    private const int DeadlineSeconds = 30;

    public static async Task UntilAsync(Func<Task<bool>> holds, int seconds = DeadlineSeconds)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (!await holds())
        {
            await Task.Delay(PollMilliseconds, deadline.Token);
        }
    }
}
