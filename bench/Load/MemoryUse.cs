using System.Globalization;

namespace Orderly.Bench.Load;

/// <summary>Memory of a process that is in the machine's memory, read from /proc; null where there is no /proc.</summary>
internal static class MemoryUse
{
    private const double KibibytesPerMebibyte = 1024;

    /// <summary>MiB now.</summary>
    public static double? Resident(int? processId) => Read(processId, "VmRSS:");

    /// <summary>MiB at most so far.</summary>
    public static double? ResidentMax(int? processId) => Read(processId, "VmHWM:");

    private static double? Read(int? processId, string name)
    {
        if (processId is not { } id) return null;
        try
        {
            var file = Path.Combine("/proc", id.ToString(CultureInfo.InvariantCulture), "status");
            var line = File.ReadLines(file).First(line => line.StartsWith(name, StringComparison.Ordinal));
            var kibibytes = line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim();
            return double.Parse(kibibytes, CultureInfo.InvariantCulture) / KibibytesPerMebibyte;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
