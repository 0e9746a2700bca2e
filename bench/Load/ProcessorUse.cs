using System.Globalization;

namespace Orderly.Bench.Load;

/// <summary>
/// Processor time of a server and of the whole PostgreSQL cluster, read from /proc. What a request costs in it says
/// more on a shared machine than requests per second do.
/// </summary>
internal static class ProcessorUse
{
    private const double TicksPerSecond = 100; // USER_HZ, the same on every Linux
    private const int StateField = 0;
    private const int ParentField = 1;
    private const int UserTimeField = 11;
    private const int SystemTimeField = 12;
    private const int EndedChildrenUserTimeField = 13;
    private const int EndedChildrenSystemTimeField = 14;

    /// <summary>Seconds used by the process so far; null where there is none, or no /proc.</summary>
    public static double? OfProcess(int? processId) =>
        processId is { } id && Fields(Path.Combine("/proc", Text(id), "stat")) is { } fields ? Seconds(fields) : null;

    /// <summary>Seconds used so far by the process and its children, those that ended as well.</summary>
    public static double? OfFamily(int processId)
    {
        if (!Directory.Exists("/proc/self")) return null;
        double sum = 0;
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var id)) continue;
            if (Fields(Path.Combine(directory, "stat")) is not { } fields) continue;
            if (id == processId) sum += Seconds(fields) + EndedChildrenSeconds(fields);
            else if (int.Parse(fields[ParentField], CultureInfo.InvariantCulture) == processId) sum += Seconds(fields);
        }
        return sum;
    }

    private static double Seconds(string[] fields) =>
        (Ticks(fields, UserTimeField) + Ticks(fields, SystemTimeField)) / TicksPerSecond;

    private static double EndedChildrenSeconds(string[] fields) =>
        (Ticks(fields, EndedChildrenUserTimeField) + Ticks(fields, EndedChildrenSystemTimeField)) / TicksPerSecond;

    private static long Ticks(string[] fields, int field) =>
        long.Parse(fields[field], CultureInfo.InvariantCulture);

    // The name, in brackets, may hold spaces; the fields that count from 0 here follow it.
    private static string[]? Fields(string file)
    {
        try
        {
            var line = File.ReadAllText(file);
            var fields = line[(line.LastIndexOf(')') + 2)..].Split(' ');
            return fields[StateField].Length == 1 ? fields : null;
        }
        catch (IOException)
        {
            return null; // it ended, or this system has no /proc
        }
    }

    private static string Text(int id) => id.ToString(CultureInfo.InvariantCulture);
}
