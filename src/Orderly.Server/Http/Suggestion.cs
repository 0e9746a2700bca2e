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

        var candidates = known.ToArray();
        return Closest(name, candidates, whole => whole)
            ?? (HasBracket(name) ? Closest(name, [.. candidates.OrderByDescending(HasBracket)], Stem) : null);
    }

    /// <summary>By a part of the names alone.</summary>
    private static string? Closest(string name, string[] known, Func<string, string> part) =>
        known
            .Select(candidate => (candidate, distance: Distance(Fold(part(name)), Fold(part(candidate)))))
            .Where(pair => pair.distance <= Math.Min(DistanceMax, (part(pair.candidate).Length - 1) / 2))
            .OrderBy(pair => pair.distance)
            .Select(pair => pair.candidate)
            .FirstOrDefault();

    /// <summary>What stands before the bracket: of createdAt[since], createdAt.</summary>
    private static string Stem(string name) => name.Split('[')[0];

    private static bool HasBracket(string name) => name.Contains('[', StringComparison.Ordinal);

    /// <summary>Case, hyphens and underscores do not count: total_fee is close to totalfee.</summary>
    private static string Fold(string name) =>
        name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToUpperInvariant();

    /// <summary>
    /// The number of letters to insert, delete or replace, or of neighbours to exchange (optimal string alignment).
    /// </summary>
    private static int Distance(string from, string to)
    {
        var (before, row, next) = (new int[to.Length + 1], new int[to.Length + 1], new int[to.Length + 1]);
        for (var j = 0; j <= to.Length; j++)
        {
            row[j] = j;
        }

        for (var i = 1; i <= from.Length; i++)
        {
            next[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var replaced = row[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                next[j] = Math.Min(replaced, Math.Min(row[j], next[j - 1]) + 1);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                {
                    next[j] = Math.Min(next[j], before[j - 2] + 1);
                }
            }

            (before, row, next) = (row, next, before);
        }

        return row[to.Length];
    }
}
