using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Orderly.Bench.Load;

/// <summary>
/// Draws what a request costs against how many orders there are, out of the reports in a folder: processor time of
/// server and PostgreSQL together, which says more on a shared machine than requests per second.
/// </summary>
internal sealed partial class GrowthPlot(DirectoryInfo folder)
{
    public const string Command = "plot";
    private const int Width = 720;
    private const int Height = 420;
    private const int Left = 70;
    private const int Right = 150;
    private const int Top = 40;
    private const int Bottom = 50;
    private const string Pgbench = TargetNames.Pgbench;

    private static readonly string[] Colours = ["#1b6ca8", "#2a9d5c", "#c77d0a", "#b23a48", "#6b4fa0", "#4d4d4d"];

    /// <summary>Reads <c>plot folder</c>.</summary>
    public static DirectoryInfo Parse(string[] arguments) => arguments is [_, var path] && Directory.Exists(path)
        ? new DirectoryInfo(path)
        : throw new UsageException("plot takes the folder of the reports.");

    /// <summary>Writes <c>growth.svg</c> beside the reports; its path.</summary>
    public async Task<string> Run()
    {
        var points = new List<Point>();
        foreach (var file in folder.GetFiles("load-*.md"))
            points.AddRange(Read(await File.ReadAllTextAsync(file.FullName)));
        if (points.Count == 0) throw new UsageException($"There is no report load-….md in {folder}.");
        var path = Path.Combine(folder.FullName, "growth.svg");
        await File.WriteAllTextAsync(path, Draw(points));
        return path;
    }

    private static IEnumerable<Point> Read(string report)
    {
        var orders = double.Parse(
            Orders().Match(report).Groups["n"].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
        foreach (var cells in report.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .Select(line => line.Trim('|', ' ').Split(" | ")))
        {
            if (cells is [var workload, TargetNames.Orderly or Pgbench, .., var server, var database, _])
                yield return new Point(cells[1], workload, orders, Math.Max(1, Number(server) + Number(database)));
        }
    }

    private static double Number(string cell) =>
        double.TryParse(cell, NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var value) ? value : 0;

    private static string Draw(List<Point> points)
    {
        var (least, most) = (Math.Log10(points.Min(p => p.Orders)), Math.Log10(points.Max(p => p.Orders)));
        // Both axes are logarithmic: a cost that grows with the orders is a straight line that rises.
        var bottom = Math.Floor(Math.Log10(points.Min(p => p.Cost)));
        var top = Math.Ceiling(Math.Log10(points.Max(p => p.Cost)));
        var svg = new StringBuilder();
        svg.AppendLine(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Height}"
                font-family="sans-serif" font-size="12">
            <rect width="{Width}" height="{Height}" fill="white"/>
            <text x="{Left}" y="22" font-size="14">Processor time of a request by the number of stored orders</text>
            <text transform="translate(14 {Height / 2}) rotate(-90)" text-anchor="middle">µs a request</text>
            """);
        for (var cost = Math.Pow(10, bottom); cost <= Math.Pow(10, top); cost *= 10)
        {
            svg.AppendLine(CultureInfo.InvariantCulture, $"""
                <line x1="{Left}" x2="{Width - Right}" y1="{Y(cost):N0}" y2="{Y(cost):N0}" stroke="#ddd"/>
                <text x="{Left - 8}" y="{Y(cost) + 4:N0}" text-anchor="end">{cost:N0}</text>
                """);
        }
        foreach (var orders in points.Select(p => p.Orders).Distinct())
        {
            svg.AppendLine(CultureInfo.InvariantCulture,
                $"""<text x="{X(orders):0}" y="{Height - Bottom + 20}" text-anchor="middle">{orders:N0}</text>""");
        }
        var labels = Top;
        foreach (var (index, workload) in points.Select(p => p.Workload).Distinct(StringComparer.Ordinal).Index())
        {
            foreach (var target in (string[])[TargetNames.Orderly, Pgbench])
            {
                var own = points.Where(p => p.Belongs(target, workload)).OrderBy(p => p.Orders).ToList();
                if (own.Count == 0) continue;
                var dashes = target is Pgbench ? " stroke-dasharray=\"5 4\"" : "";
                var stroke = $"stroke=\"{Colours[index % Colours.Length]}\" stroke-width=\"2\"{dashes}";
                var path = string.Join(
                    ' ', own.Select(p => FormattableString.Invariant($"{X(p.Orders):0},{Y(p.Cost):0}")));
                svg.AppendLine(CultureInfo.InvariantCulture, $"""
                    <polyline fill="none" {stroke} points="{path}"/>
                    <path d="M {Width - Right + 12} {labels - 4} h 24" {stroke}/>
                    <text x="{Width - Right + 42}" y="{labels}">{workload}, {target}</text>
                    """);
                labels += 18;
            }
        }
        return svg.AppendLine("</svg>").ToString();

        double X(double orders) => most > least
            ? Left + ((Width - Left - Right) * (Math.Log10(orders) - least) / (most - least))
            : Left + ((Width - Left - Right) / 2.0);

        double Y(double cost) => Height - Bottom
            - ((Height - Top - Bottom) * (Math.Log10(cost) - bottom) / Math.Max(1, top - bottom));
    }

    [GeneratedRegex(@"(?<n>[\d,]+) orders in each database", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Orders();

    private sealed record Point(string Target, string Workload, double Orders, double Cost)
    {
        public bool Belongs(string target, string workload) =>
            string.Equals(Target, target, StringComparison.Ordinal)
            && string.Equals(Workload, workload, StringComparison.Ordinal);
    }
}
