using Microsoft.Net.Http.Headers;

namespace Orderly.Server.Http;

/// <summary>
/// The forms that a list can be given in. Only JSON comes in pages; the others are streams of all rows.
/// </summary>
internal sealed record ListFormat(string MediaType)
{
    public static readonly ListFormat Json = new(JsonBody.MediaType);
    public static readonly ListFormat NdJson = new("application/x-ndjson");
    public static readonly ListFormat Csv = new("text/csv");

    private const int ExactSpecificity = 2;
    private const int TypeSpecificity = 1;
    private const int AnySpecificity = 0;

    /// <summary>The first is the one that a caller gets who does not care.</summary>
    private static readonly ListFormat[] All = [Json, NdJson, Csv];

    public static IReadOnlyList<string> MediaTypes { get; } = [.. All.Select(format => format.MediaType)];

    /// <summary>
    /// What Accept asks for (RFC 9110, 12.5.1): of each form the most specific range counts, and the form with the
    /// highest weight is given; of equal ones that which is named more exactly. Null: none of them is acceptable.
    /// </summary>
    public static ListFormat? Asked(HttpRequest request)
    {
        var ranges = request.GetTypedHeaders().Accept;
        if (ranges.Count == 0)
        {
            return Json;
        }

        ListFormat? best = null;
        (double Weight, int Specificity) bestRank = (0, 0);
        foreach (var format in All)
        {
            var rank = ranges
                .Select(range => (Weight: range.Quality ?? 1, Specificity: format.SpecificityOf(range)))
                .Where(match => match.Specificity >= 0)
                .OrderByDescending(match => match.Specificity)
                .FirstOrDefault();
            if (rank.Weight > 0 && (best is null || rank.CompareTo(bestRank) > 0))
            {
                (best, bestRank) = (format, rank);
            }
        }

        return best;
    }

    /// <summary>How exactly a range names this form; negative where it does not.</summary>
    private int SpecificityOf(MediaTypeHeaderValue range) =>
        range.MediaType.Equals(MediaType, StringComparison.OrdinalIgnoreCase) ? ExactSpecificity
        : range.MatchesAllTypes ? AnySpecificity
        : range.MatchesAllSubTypes && MediaType.StartsWith(range.Type + "/", StringComparison.OrdinalIgnoreCase)
            ? TypeSpecificity
        : -1;
}
