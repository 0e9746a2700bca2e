using System.Globalization;
using System.Text.RegularExpressions;

namespace Orderly.Bench.Load;

/// <summary>What the commands on many orders take: how many, where the cluster is, where the report goes.</summary>
internal sealed partial record BulkOptions(int Orders, DirectoryInfo? Cluster, string? Out, string? Only)
{
    public const string WithinYears = "5years";
    private const int OrdersMax = 20_000_000;

    /// <summary>The time in which the orders came, as PostgreSQL writes it.</summary>
    public string Within { get; init; } = WithinYears;

    /// <summary>
    /// Reads <c>[--orders n | --quick] [--within time] [--cluster folder] [--only part] [--out file.md]</c> behind the
    /// name of the command.
    /// </summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="orders">How many orders, where nothing is said.</param>
    /// <param name="ordersMin">The fewest that say something.</param>
    /// <param name="parts">What <c>--only</c> may name.</param>
    public static BulkOptions Parse(string[] arguments, int orders, int ordersMin, params string[] parts)
    {
        var options = new BulkOptions(orders, Cluster: null, Out: null, Only: null);
        for (var i = 1; i < arguments.Length; i++)
        {
            var (name, value) = (arguments[i], i + 1 < arguments.Length ? arguments[i + 1] : null);
            if (string.Equals(name, "--quick", StringComparison.Ordinal))
            {
                options = options with { Orders = ordersMin };
                continue;
            }
            options = (name, value) switch
            {
                ("--orders", { } text) when int.TryParse(
                    text, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                    && count >= ordersMin && count <= OrdersMax => options with { Orders = count },
                ("--within", { } time) when Time().IsMatch(time) => options with { Within = time },
                ("--cluster", { } folder) => options with { Cluster = new DirectoryInfo(folder) },
                ("--out", { } file) => options with { Out = file },
                ("--only", { } part) when parts.Contains(part, StringComparer.Ordinal) => options with { Only = part },
                _ => throw new UsageException(
                    $"{arguments[0]} does not take {name} {value}; orders are {ordersMin} to {OrdersMax}."),
            };
            i++;
        }
        return options;
    }

    [GeneratedRegex("^[1-9][0-9]{0,3}(minutes|days|years)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 100)]
    private static partial Regex Time();

    /// <summary>The folder that is kept, or one in a directory that goes with the run.</summary>
    public DirectoryInfo ClusterIn(DirectoryInfo directory)
    {
        if (Cluster is null) return directory.CreateSubdirectory("cluster");
        Cluster.Create();
        return Cluster;
    }

    /// <summary>
    /// Where the server keeps its keys, beside the databases that were made with them.
    /// </summary>
    public string ServerDataIn(DirectoryInfo directory) => Path.Combine(ClusterIn(directory).FullName, "server");
}
