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

    /// <summary>Of the feed alone: it goes on as long as the reader stays.</summary>
    public static readonly ListFormat Events = new("text/event-stream");

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
            var rank = format.RankIn(ranges);
            if (rank.Weight > 0 && (best is null || rank.CompareTo(bestRank) > 0))
            {
                (best, bestRank) = (format, rank);
            }
        }

        return best;
    }

    /// <summary>Whether Accept asks for a stream, of a list or of the feed. Most say only JSON, or anything.</summary>
    public static bool IsStreamAsked(HttpRequest request) =>
        request.Headers.Accept is not ([] or [null or "" or "*/*" or JsonBody.MediaType])
        && (Events.IsNamedBefore(Json, request) || Asked(request) is { } asked && asked != Json);

    /// <summary>Whether Accept names this form, and wants it no less than the other.</summary>
    public bool IsNamedBefore(ListFormat other, HttpRequest request)
    {
        var ranges = request.GetTypedHeaders().Accept;
        var rank = RankIn(ranges);
        return rank is { Weight: > 0, Specificity: ExactSpecificity } && rank.Weight >= other.RankIn(ranges).Weight;
    }

    private (double Weight, int Specificity) RankIn(IList<MediaTypeHeaderValue> ranges) => ranges
        .Select(range => (Weight: range.Quality ?? 1, Specificity: SpecificityOf(range)))
        .Where(match => match.Specificity >= 0)
        .OrderByDescending(match => match.Specificity)
        .FirstOrDefault();

    /// <summary>How exactly a range names this form; negative where it does not.</summary>
    private int SpecificityOf(MediaTypeHeaderValue range) =>
        range.MediaType.Equals(MediaType, StringComparison.OrdinalIgnoreCase) ? ExactSpecificity
        : range.MatchesAllTypes ? AnySpecificity
        : range.MatchesAllSubTypes && MediaType.StartsWith(range.Type + "/", StringComparison.OrdinalIgnoreCase)
            ? TypeSpecificity
        : -1;
}
