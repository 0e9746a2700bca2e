namespace Orderly.Tests.Harness;

/// <summary>Waits for what comes by itself, and fails where it does not.</summary>
internal static class Patience
{
    private const int PollMilliseconds = 20;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (!await holds())
        {
            await Task.Delay(PollMilliseconds, deadline.Token);
        }
    }
}
