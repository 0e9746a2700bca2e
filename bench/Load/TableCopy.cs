using System.Diagnostics;
using Npgsql;

namespace Orderly.Bench.Load;

/// <summary>PostgreSQL's own ways to move many rows: the measure of streams and imports.</summary>
internal static class TableCopy
{
    /// <summary>What a stream reads, in its order.</summary>
    private const string StreamedRows =
        "select order_id, number, version, status, team, totalfee_stated, content, personal, created_at, created_by, "
        + "updated_at, updated_by, deleted_at, now() from orders where deleted_at is null "
        + "order by created_at desc, order_id desc";

    private const int BufferBytes = 256 * 1024;

    /// <summary>Copies all orders out, to nowhere.</summary>
    public static async Task Out(NpgsqlConnectionStringBuilder database)
    {
        var start = Psql(database);
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add($"\\copy ({StreamedRows}) to '/dev/null'");
        await ChildProcess.RunTool(start);
    }

    /// <summary>How many orders psql copies out, all of them again and again, until the time is over.</summary>
    public static async Task<long> CountOut(NpgsqlConnectionStringBuilder database, TimeSpan within)
    {
        var start = Psql(database);
        start.RedirectStandardInput = start.RedirectStandardOutput = true;
        using var psql = Process.Start(start) ?? throw new BenchException("psql did not start.");
        using var over = new CancellationTokenSource(within);
        var asking = Ask(psql.StandardInput, over.Token);
        var lines = await OrderTransfers.CountLines(psql.StandardOutput.BaseStream, over.Token);
        if (!over.IsCancellationRequested) throw new BenchException("psql ended before its time.");
        psql.Kill();
        await psql.WaitForExitAsync(CancellationToken.None);
        await asking;
        return lines;
    }

    /// <summary>The seconds that a binary COPY takes to store rows; to read them from elsewhere is not counted.</summary>
    public static async Task<double> Into(
        NpgsqlConnection target, string table, NpgsqlConnection source, string rows, string keptIn)
    {
        await using var kept = new FileStream(keptIn, FileMode.Create, FileAccess.ReadWrite);
        await using (var reading = await source.BeginRawBinaryCopyAsync($"copy ({rows}) to stdout (format binary)"))
        {
            await reading.CopyToAsync(kept, BufferBytes);
        }
        kept.Position = 0;
        var start = Stopwatch.GetTimestamp();
        await using (var writing = await target.BeginRawBinaryCopyAsync($"copy {table} from stdin (format binary)"))
        {
            await kept.CopyToAsync(writing, BufferBytes);
        }
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task Ask(StreamWriter input, CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested) await input.WriteLineAsync($"\\copy ({StreamedRows}) to stdout");
        }
        catch (IOException)
        {
            // It was ended.
        }
    }

    private static ProcessStartInfo Psql(NpgsqlConnectionStringBuilder database)
    {
        var start = new ProcessStartInfo(Path.Combine(PostgresTools.Directory(), "psql"), ["-X", "-q"]);
        PostgresTools.SetEnvironment(start, database);
        return start;
    }
}
