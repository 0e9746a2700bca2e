using System.Diagnostics;
using System.Globalization;
using System.Reflection;

namespace Orderly.Bench.Load;

/// <summary>What the command line asks for. A wrong option is one line and exit code 2.</summary>
internal sealed record LoadOptions
{
    public const string Usage =
        """
        dotnet run -c Release --project bench/Load -- [options]
          --quick              one short iteration of everything, to see that it still works
          --rounds <n>         measured rounds, targets interleaved (3)
          --seconds <n>        length of one measurement (10)
          --connections <n>    connections, each with one request at a time (32)
          --rate <n>           so many requests a second from all connections together, evenly, rather than as many
                               as possible; latencies then count from when a request was due; not of streams and imports
          --orders <n>         orders in each database before anything is measured (10000); beyond 10000 the
                               others are copies of the first ones, made by SQL
          --only <list>        of create,read,list,update,stream,import
          --targets <list>     of orderly,pgbench,pgbench-lines,express,efcore
          --out <file.md>      write the report to a file, too
        dotnet run -c Release --project bench/Load -- lists [--orders <n> | --quick] [options]
          lists of 10,000 orders against lists of n (1000000), by every filter and sort; takes --out, --within <time> (in
          which the orders came: 10minutes, 5years) and --cluster <folder>, in which the filled databases stay, and are
          there in the next run
        dotnet run -c Release --project bench/Load -- transfer [--orders <n> | --quick] [options]
          streams and imports of n orders (200000) against COPY of the same rows; takes --cluster and --out, too, and
          --only streams or imports
        dotnet run -c Release --project bench/Load -- plot <folder>
          what a request costs by the number of orders, from the reports load-….md in the folder
        """;

    private const int RoundsMax = 100;
    private const int SecondsMax = 600;
    private const int ConnectionsMax = 64;
    private const int RateMax = 100_000;
    private const int OrdersMax = 20_000_000;

    public bool Quick { get; private init; }

    public int Rounds { get; private init; } = 3;

    public int Seconds { get; private init; } = 10;

    public int WarmUpMilliseconds { get; private init; } = 8000;

    public int Connections { get; private init; } = 32;

    /// <summary>Requests a second from all connections together; null: as many as possible.</summary>
    public int? Rate { get; private init; }

    public int Orders { get; private init; } = 10_000;

    /// <summary>Orders in each request of an import.</summary>
    public int RowsOfImport { get; private init; } = 5_000;

    public IReadOnlyList<Workload> Workloads { get; private init; } = Enum.GetValues<Workload>();

    public IReadOnlyList<string> Targets { get; private init; } = TargetNames.All;

    public string? Out { get; private init; }

    public static LoadOptions Parse(string[] arguments)
    {
        var options = new LoadOptions();
        if (arguments.Contains("--quick", StringComparer.Ordinal))
        {
            options = options with { Quick = true, Rounds = 1, Seconds = 1, WarmUpMilliseconds = 300 };
            options = options with { Connections = 8, Orders = 400, RowsOfImport = 500 };
        }
        for (var i = 0; i < arguments.Length; i++)
        {
            var name = arguments[i];
            if (string.Equals(name, "--quick", StringComparison.Ordinal)) continue;
            var value = i + 1 < arguments.Length ? arguments[++i] : throw new UsageException($"{name} needs a value.");
            options = name switch
            {
                "--rounds" => options with { Rounds = Number(name, value, RoundsMax) },
                "--seconds" => options with { Seconds = Number(name, value, SecondsMax) },
                "--connections" => options with { Connections = Number(name, value, ConnectionsMax) },
                "--rate" => options with { Rate = Number(name, value, RateMax) },
                "--orders" => options with { Orders = Number(name, value, OrdersMax) },
                "--only" => options with { Workloads = [.. Names(value).Select(ParseWorkload)] },
                "--targets" => options with { Targets = [.. Names(value).Select(ParseTarget)] },
                "--out" => options with { Out = value },
                _ => throw new UsageException($"{name} is not an option."),
            };
        }
        var isDebugBuild = typeof(LoadOptions).Assembly
            .GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true };
        if (isDebugBuild) throw new UsageException("Figures of a debug build say nothing: add -c Release.");
        if (options.Orders < options.Connections)
            throw new UsageException("--orders must be at least --connections: each updates orders of its own.");
        return options;
    }

    private static string[] Names(string value) =>
        value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static int Number(string name, string value, int max) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number >= 1 && number <= max
            ? number
            : throw new UsageException($"{name} must be a whole number from 1 to {max}, not '{value}'.");

    private static Workload ParseWorkload(string name) =>
        Enum.TryParse<Workload>(name, ignoreCase: true, out var workload) && Enum.IsDefined(workload)
            ? workload
            : throw new UsageException($"--only takes create, read, list, update, stream, import, not '{name}'.");

    private static string ParseTarget(string name) =>
        TargetNames.All.Contains(name, StringComparer.Ordinal)
            ? name
            : throw new UsageException($"--targets takes {string.Join(", ", TargetNames.All)}, not '{name}'.");
}

/// <summary>What is done to a target, one after the other.</summary>
internal enum Workload
{
    Create,
    Read,
    List,
    Update,

    /// <summary>All orders in one answer, again and again; a large one is cut off when the time is over.</summary>
    Stream,

    /// <summary>Some thousand orders in a request, all or none, one after the other.</summary>
    Import,
}

internal static class Workloads
{
    /// <summary>Whether one caller moves many orders in a request, rather than many callers one each.</summary>
    public static bool IsTransfer(this Workload workload) => workload is Workload.Stream or Workload.Import;
}

internal static class TargetNames
{
    public const string Orderly = "orderly";
    public const string Pgbench = "pgbench";
    public const string PgbenchLines = "pgbench-lines";
    public const string Express = "express";
    public const string EfCore = "efcore";

    public static readonly IReadOnlyList<string> All = [Orderly, Pgbench, PgbenchLines, Express, EfCore];
}

/// <summary>The command cannot be run as it was given.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>A target, the cluster or a tool did not do what the benchmark needs.</summary>
internal sealed class BenchException(string message) : Exception(message);
