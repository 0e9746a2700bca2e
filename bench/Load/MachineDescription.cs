using System.Globalization;
using System.Runtime.InteropServices;
using Npgsql;

namespace Orderly.Bench.Load;

/// <summary>What the figures were measured on.</summary>
internal static class MachineDescription
{
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
            + $"{RuntimeInformation.OSDescription}; "
            + $"PostgreSQL {connection.PostgreSqlVersion} ({settings}); {RuntimeInformation.FrameworkDescription}. ")
            + $"Generator, targets and PostgreSQL share the machine{BusyBefore()}.";
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
