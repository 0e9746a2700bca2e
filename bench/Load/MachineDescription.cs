using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Npgsql;

namespace Orderly.Bench.Load;

/// <summary>What the figures were measured on.</summary>
internal static class MachineDescription
{
    private const int FlushesMeasured = 201;
    private const int PageBytes = 8_192;

    public static async Task<string> Of(PrivatePostgres postgres)
    {
        await using var connection = new NpgsqlConnection(postgres.ConnectionString("postgres").ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "select format('fsync %s, synchronous_commit %s, shared_buffers %s', current_setting('fsync'), "
            + "current_setting('synchronous_commit'), current_setting('shared_buffers'))", connection);
        var settings = await command.ExecuteScalarAsync();
        var memoryGiB = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1L << 30);
        return string.Create(CultureInfo.InvariantCulture,
            $"{Processor()}, {Environment.ProcessorCount} cores, {memoryGiB:N0} GiB, "
            + $"{RuntimeInformation.OSDescription}; a flush takes {FlushMicroseconds(postgres.Directory):N0} µs; "
            + $"PostgreSQL {connection.PostgreSqlVersion} ({settings}); {RuntimeInformation.FrameworkDescription}. ")
            + $"Generator, targets and PostgreSQL share the machine{BusyBefore()}.";
    }

    // What a commit costs beside its statements; from disk to disk it differs more than anything else.
    private static double FlushMicroseconds(DirectoryInfo directory)
    {
        using var file = File.OpenHandle(Path.Combine(directory.FullName, "flushed"), FileMode.Create,
            FileAccess.Write, FileShare.None, FileOptions.DeleteOnClose);
        var page = new byte[PageBytes];
        var took = new double[FlushesMeasured];
        for (var i = 0; i < took.Length; i++)
        {
            var start = Stopwatch.GetTimestamp();
            RandomAccess.Write(file, page, fileOffset: 0);
            RandomAccess.FlushToDisk(file);
            took[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        Array.Sort(took);
        return took[took.Length / 2];
    }

    // What else ran on the machine; above one core's worth, the figures say little.
    private static string BusyBefore()
    {
        const string loadAverage = "/proc/loadavg";
        return File.Exists(loadAverage)
            ? $"; load average before the start {File.ReadAllText(loadAverage).Split(' ')[0]}"
            : "";
    }

    private static string Processor()
    {
        const string cpuInfo = "/proc/cpuinfo";
        var model = File.Exists(cpuInfo)
            ? File.ReadLines(cpuInfo).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return model?[(model.IndexOf(':', StringComparison.Ordinal) + 2)..]
            ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
