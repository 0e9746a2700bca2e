using System.Runtime.InteropServices;

namespace Orderly.Server.Startup;

/// <summary>Gives memory that the C library's allocator holds free back to the system, every few seconds.</summary>
/// <remarks>
/// The runtime's compiler takes its working memory from there. By itself glibc gives back only what is free at the end
/// of an arena, so that after some minutes of changing load it held 35 MiB, a fifth of all, of which nothing was used.
/// </remarks>
internal sealed class FreeMemory(TimeProvider time) : BackgroundService
{
    private const int PauseSeconds = 5;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested && GiveBack())
        {
            await Task.Delay(TimeSpan.FromSeconds(PauseSeconds), time, stoppingToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // told to stop
        }
    }

    /// <summary>Gives back what is free now.</summary>
    /// <returns>False where the C library is not glibc, and has nothing to be told.</returns>
    public static bool GiveBack()
    {
        if (!OperatingSystem.IsLinux()) return false;
        try
        {
            _ = Trim(0);
            return true;
        }
        catch (Exception exception) when (exception is EntryPointNotFoundException or DllNotFoundException)
        {
            return false; // as with musl
        }
    }

    [DllImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Trim(nuint kept);
}
