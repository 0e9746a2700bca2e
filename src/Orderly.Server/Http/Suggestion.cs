namespace Orderly.Server.Http;

/// <summary>Finds the known name that a misspelt one was meant to be.</summary>
internal static class Suggestion
{
    private const int LengthMax = 40;
    private const int NameLengthMax = 64;
    private const int DistanceMax = 2;

    /// <summary>" Did you mean "…"?" where a known name is close, otherwise empty.</summary>
    public static string For(string name, IEnumerable<string> known) =>
        Closest(name, known) is { } close ? $" Did you mean \"{close}\"?" : "";

    /// <summary>Text of a caller as it may be told back: short, and in quotes.</summary>
    public static string Quote(string text) =>
        text.Length <= LengthMax ? $"\"{text}\"" : $"\"{Cut(text, LengthMax)}…\"";

    /// <summary>A name of a caller as it may be told back.</summary>
    public static string Cut(string name) => Cut(name, NameLengthMax).ToString();

    /// <summary>Characters outside the first plane are not cut in two.</summary>
    private static ReadOnlySpan<char> Cut(string text, int length) => text.Length <= length ? text
        : text.AsSpan(0, char.IsHighSurrogate(text[length - 1]) ? length - 1 : length);

    private static string? Closest(string name, IEnumerable<string> known)
    {
        if (name.Length > LengthMax)
        {
            return null;
        }

        return known
            .Select(candidate => (candidate, distance: Distance(Fold(name), Fold(candidate))))
            .Where(pair => pair.distance <= Math.Min(DistanceMax, (pair.candidate.Length - 1) / 2))
            .OrderBy(pair => pair.distance)
            .Select(pair => pair.candidate)
            .FirstOrDefault();
    }

    /// <summary>Case, hyphens and underscores do not count: total_fee is close to totalfee.</summary>
    private static string Fold(string name) =>
        name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToUpperInvariant();

    /// <summary>The number of letters to insert, delete or replace (Levenshtein).</summary>
    private static int Distance(string from, string to)
    {
        var row = new int[to.Length + 1];
        for (var j = 0; j <= to.Length; j++)
        {
            row[j] = j;
        }

        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[to.Length];
    }
}
