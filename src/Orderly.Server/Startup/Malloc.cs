using System.Runtime.InteropServices;

namespace Orderly.Server.Startup;

/// <summary>The allocator of the C library, from which the runtime's compiler takes its working memory.</summary>
/// <remarks>
/// It keeps an arena for each thread, and of each, once something large was in it, megabytes that are free. The
/// compiler's threads come and go with what is asked of the service, and left such arenas behind.
/// </remarks>
internal static class Malloc
{
    private const int TrimThreshold = -1, ArenaMax = -8; // M_TRIM_THRESHOLD and M_ARENA_MAX of glibc's malloc.h

    private const int Arenas = 2;
    private const int FreeBytesKept = 128 * 1024; // where it begins, before it adapts

    /// <summary>Free memory is given back to the system from now on.</summary>
    /// <returns>False where the C library is not glibc, and has nothing to be told.</returns>
    public static bool KeepLittle()
    {
        if (!OperatingSystem.IsLinux()) return false;
        try
        {
            return (SetOption(ArenaMax, Arenas) & SetOption(TrimThreshold, FreeBytesKept)) != 0;
        }
        catch (EntryPointNotFoundException)
        {
            return false; // musl
        }
    }

    [DllImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetOption(int option, int value);
}
