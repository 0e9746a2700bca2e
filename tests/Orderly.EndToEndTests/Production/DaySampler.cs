using System.Globalization;
using System.Text.RegularExpressions;
using Orderly.EndToEndTests.Running;

namespace Orderly.EndToEndTests.Production;

/// <summary>What processes and service say of themselves at a moment, or in the median of an interval.</summary>
internal sealed record DayVitals(IReadOnlyDictionary<DayGauge, double> Values)
{
    public double this[DayGauge gauge] => Values.GetValueOrDefault(gauge, double.NaN);

    public static DayVitals MedianOf(IReadOnlyList<DayVitals> samples) => new(Enum.GetValues<DayGauge>()
        .ToDictionary(gauge => gauge, gauge => DayVerdict.Median([.. samples.Select(sample => sample[gauge])])));
}

/// <summary>What is sampled.</summary>
internal enum DayGauge
{
    /// <summary>Resident memory of the server, in MiB.</summary>
    ServerMemory,

    /// <summary>What the managed heap held after the last collection, in MiB.</summary>
    ManagedHeap,

    /// <summary>Threads of the server.</summary>
    Threads,

    /// <summary>Open files and sockets of the server.</summary>
    Files,

    /// <summary>Memory of all of PostgreSQL's processes but what they share, in MiB.</summary>
    DatabasePrivate,

    /// <summary>All memory of PostgreSQL's processes, in MiB; grows up to shared_buffers as data is touched.</summary>
    DatabaseMemory,

    /// <summary>Connections of PostgreSQL.</summary>
    Connections,

    /// <summary>Connections in the pools of the server, idle ones too.</summary>
    Pool,

    /// <summary>The age of the oldest change that is not in the feed, in milliseconds.</summary>
    FeedLag,

    /// <summary>Cores that the server uses.</summary>
    ServerCores,

    /// <summary>Cores that PostgreSQL uses.</summary>
    DatabaseCores,

    /// <summary>Cores that the clients use.</summary>
    ClientCores,
}

/// <summary>Samples a server, its database and this program, from /proc and from /metrics.</summary>
internal sealed partial class DaySampler : IDisposable
{
    private const double BytesPerMebibyte = 1024 * 1024;
    private const double KibibytesPerMebibyte = 1024;
    private const double MillisecondsPerSecond = 1000;
    private const double TicksPerSecond = 100;
    private const int UserTimeField = 11;
    private const int SystemTimeField = 12;

    private readonly HttpClient _http;
    private readonly int _server;
    private readonly int _postmaster;
    private readonly Dictionary<int, double> _databaseSeconds = [];
    private (double Server, double Database, double Client, long At)? _before;

    public DaySampler(LoneServer server)
    {
        _server = server.ProcessId;
        var file = Directory.EnumerateFiles(
            Path.Combine(server.Directory, "data"), "postmaster.pid", SearchOption.AllDirectories).First();
        _postmaster = int.Parse(File.ReadLines(file).First(), CultureInfo.InvariantCulture);
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = server.Address };
        _http.DefaultRequestHeaders.Authorization = new("Bearer", ServerProcess.Key);
    }

    public async Task<DayVitals> TakeAsync(long now)
    {
        var metrics = await _http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        var (privateMemory, memory) = DatabaseMemory();
        var (server, database, client) = Cores(now);
        return new DayVitals(new Dictionary<DayGauge, double>
        {
            [DayGauge.ServerMemory] = Kibibytes($"/proc/{_server}/status", "VmRSS") / KibibytesPerMebibyte,
            [DayGauge.ManagedHeap] = Sum(metrics, "dotnet_gc_last_collection_heap_size_bytes") / BytesPerMebibyte,
            [DayGauge.Threads] = Directory.EnumerateDirectories($"/proc/{_server}/task").Count(),
            [DayGauge.Files] = Directory.EnumerateFiles($"/proc/{_server}/fd").Count(),
            [DayGauge.DatabasePrivate] = privateMemory,
            [DayGauge.DatabaseMemory] = memory,
            [DayGauge.Connections] = Sum(metrics, "orderly_database_connections"),
            [DayGauge.Pool] = Sum(metrics, "db_client_connection_count"),
            [DayGauge.FeedLag] = Sum(metrics, "orderly_feed_lag_seconds") * MillisecondsPerSecond,
            [DayGauge.ServerCores] = server,
            [DayGauge.DatabaseCores] = database,
            [DayGauge.ClientCores] = client,
        });
    }

    public void Dispose() => _http.Dispose();

    /// <summary>The sum over all labels of a metric.</summary>
    public static double Sum(string metrics, string name) => metrics.Split('\n')
        .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length
            && line[name.Length] is '{' or ' ')
        .Select(line => double.Parse(
            Value().Match(line[(line.LastIndexOf('}') + 1)..]).Value, CultureInfo.InvariantCulture))
        .DefaultIfEmpty(double.NaN).Sum();

    [GeneratedRegex("[0-9.eE+-]+|NaN", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Value();

    private (double Private, double All) DatabaseMemory()
    {
        double own = 0, all = 0;
        foreach (var process in DatabaseProcesses.Of(_postmaster))
        {
            try
            {
                own += Kibibytes($"/proc/{process}/smaps_rollup", "Pss_Anon");
                all += Kibibytes($"/proc/{process}/smaps_rollup", "Pss");
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile.
            }
        }

        return (own / KibibytesPerMebibyte, all / KibibytesPerMebibyte);
    }

    /// <summary>The cores that were used since the sample before; not a number in the first.</summary>
    private (double Server, double Database, double Client) Cores(long now)
    {
        foreach (var process in DatabaseProcesses.Of(_postmaster))
        {
            _databaseSeconds[process] = ProcessorSeconds(process) ?? _databaseSeconds.GetValueOrDefault(process);
        }

        var used = (Server: ProcessorSeconds(_server) ?? 0, Database: _databaseSeconds.Values.Sum(),
            Client: Environment.CpuUsage.TotalTime.TotalSeconds, At: now);
        var cores = (double.NaN, double.NaN, double.NaN);
        if (_before is { } before)
        {
            var seconds = System.Diagnostics.Stopwatch.GetElapsedTime(before.At, now).TotalSeconds;
            cores = ((used.Server - before.Server) / seconds, (used.Database - before.Database) / seconds,
                (used.Client - before.Client) / seconds);
        }

        _before = used;
        return cores;
    }

    /// <summary>Null: there is no such process any more.</summary>
    private static double? ProcessorSeconds(int process)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{process}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (double.Parse(fields[UserTimeField], CultureInfo.InvariantCulture)
                + double.Parse(fields[SystemTimeField], CultureInfo.InvariantCulture)) / TicksPerSecond;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static double Kibibytes(string file, string name)
    {
        var line = File.ReadLines(file).First(line => line.StartsWith(name + ":", StringComparison.Ordinal));
        return double.Parse(
            line[(name.Length + 1)..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
    }
}
