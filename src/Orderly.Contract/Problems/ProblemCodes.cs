using System.Text;

namespace Orderly.Contract.Problems;

/// <summary>The names of problem codes on the wire.</summary>
public static class ProblemCodes
{
    private static readonly ProblemCode[] Codes = Enum.GetValues<ProblemCode>();
    private static readonly string[] Texts = [.. Codes.Select(code => Hyphenate(code.ToString()))];

    /// <summary>All codes.</summary>
    public static IReadOnlyList<ProblemCode> All => Codes;

    /// <summary>The name on the wire: <c>order-not-found</c> for <see cref="ProblemCode.OrderNotFound"/>.</summary>
    public static string ToText(this ProblemCode code) => Texts[(int)code];

    /// <summary>The code of a name on the wire, or null.</summary>
    public static ProblemCode? Parse(string text)
    {
        var index = Array.IndexOf(Texts, text);
        return index < 0 ? null : (ProblemCode)index;
    }

    private static string Hyphenate(string name)
    {
        var text = new StringBuilder(name.Length + 8);
        foreach (var letter in name)
        {
            if (char.IsUpper(letter) && text.Length > 0)
            {
                text.Append('-');
            }

            text.Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }
}
