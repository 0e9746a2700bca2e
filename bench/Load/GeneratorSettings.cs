namespace Orderly.Bench.Load;

/// <summary>
/// The generator's sockets go on where the kernel reports them, on one thread, instead of hopping to the thread pool.
/// The runtime reads this when the first socket is made. The servers that are measured do not inherit it.
/// </summary>
internal static class GeneratorSettings
{
    public static readonly IReadOnlyList<string> Names =
        ["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT"];

    public static void Apply()
    {
        foreach (var name in Names) Environment.SetEnvironmentVariable(name, "1");
    }
}
