using System.Security.Cryptography;
using System.Text;

namespace Orderly.Server.Orders;

/// <summary>
/// What an order can be found by beyond its columns, each a short text with a letter before it that says what it is:
/// <c>s:deep-clean</c>, <c>m:6:region=eu</c>, <c>w:word</c>, <c>e:…</c>. Pure: the same order has the same terms.
/// </summary>
internal static class OrderTerms
{
    /// <summary>Stands between terms where several go in one text; no term has it.</summary>
    public const char Separator = '\n';

    /// <summary>Longer terms stand as a hash, which keeps the index small.</summary>
    private const int LengthMax = 64;
    private const int DigestLengthBytes = 18;

    /// <summary>All terms of an order, in one text.</summary>
    /// <inheritdoc cref="Of"/>
    public static string TextOf(OrderContent content, string? emailTerm) =>
        string.Join(Separator, Of(content, emailTerm));

    /// <summary>All terms of an order, each once, sorted.</summary>
    /// <param name="content">The order.</param>
    /// <param name="emailTerm">What stands for the customer's address, which is not a term as it is.</param>
    public static IReadOnlyCollection<string> Of(OrderContent content, string? emailTerm)
    {
        var terms = new HashSet<string>(StringComparer.Ordinal);
        AddWords(content.Reference, terms);
        foreach (var line in content.Services)
        {
            terms.Add(Service(line.Id));
            AddWords(line.Name, terms);
        }

        foreach (var (key, value) in content.Metadata)
        {
            terms.Add(Metadata(key, value));
            AddWords(value, terms);
        }

        if (emailTerm is not null)
        {
            terms.Add(emailTerm);
        }

        string[] sorted = [.. terms];
        Array.Sort(sorted, StringComparer.Ordinal);
        return sorted;
    }

    public static string Service(string id) => Short("s", id);

    /// <summary>The key's length keeps a=b with c apart from a with b=c.</summary>
    public static string Metadata(string key, string value) => Short("m", $"{key.Length}:{key}={value}");

    public static string Word(string word) => Short("w", word);

    /// <summary>
    /// The words of a text as they are compared: runs of letters, marks and digits, in lower case.
    /// </summary>
    public static IEnumerable<string> Words(string text) => Ascii.IsValid(text) ? AsciiWords(text) : AnyWords(text);

    /// <summary>Most texts are such, and every write pays for its words.</summary>
    private static List<string> AsciiWords(string text)
    {
        var words = new List<string>();
        for (var at = 0; at < text.Length; at++)
        {
            var start = at;
            while (at < text.Length && char.IsAsciiLetterOrDigit(text[at]))
            {
                at++;
            }

            if (at > start)
            {
                words.Add(text[start..at].ToLowerInvariant());
            }
        }

        return words;
    }

    private static IEnumerable<string> AnyWords(string text)
    {
        var word = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsOfWord(rune))
            {
                word.Append(Rune.ToLowerInvariant(rune).ToString());
            }
            else if (word.Length > 0)
            {
                yield return word.ToString();
                word.Clear();
            }
        }

        if (word.Length > 0)
        {
            yield return word.ToString();
        }
    }

    private static bool IsOfWord(Rune rune) =>
        Rune.IsLetterOrDigit(rune) || Rune.GetUnicodeCategory(rune)
            is System.Globalization.UnicodeCategory.NonSpacingMark
            or System.Globalization.UnicodeCategory.SpacingCombiningMark
            or System.Globalization.UnicodeCategory.EnclosingMark
            or System.Globalization.UnicodeCategory.LetterNumber
            or System.Globalization.UnicodeCategory.OtherNumber;

    private static void AddWords(string? text, HashSet<string> terms)
    {
        foreach (var word in text is null ? [] : Words(text))
        {
            terms.Add(Word(word));
        }
    }

    private static string Short(string kind, string text) =>
        text.Length <= LengthMax && !text.Contains(Separator, StringComparison.Ordinal)
            ? $"{kind}:{text}"
            : $"{kind}#{Convert.ToBase64String(
                SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, DigestLengthBytes))}";
}
