namespace Orderly.Server.Http;

/// <summary>What a list is sorted by; the id breaks ties, in the same direction.</summary>
internal sealed record Sort(string Field, bool IsDescending)
{
    private const string Parameter = "sort";

    public bool IsBy(string field) => string.Equals(Field, field, StringComparison.Ordinal);

    /// <summary>Reads <c>sort=field</c> or <c>sort=-field</c>.</summary>
    public static Sort Read(QueryInput query, IReadOnlyList<string> fields, string fallback)
    {
        if (query.Text(Parameter) is not { } text)
        {
            return Parse(fallback);
        }

        var isDescending = text.StartsWith('-');
        var alike = Choices(fields).Where(choice => choice.StartsWith('-') == isDescending).ToList();
        if (alike.Contains(text, StringComparer.Ordinal))
        {
            return Parse(text);
        }

        query.Refuse(Parameter, $"\"{Parameter}\" is one of {string.Join(", ", fields)}, with a - before it to sort "
            + $"descending; {Suggestion.Quote(text)} is not.{Suggestion.For(text, alike)}");
        return Parse(fallback);
    }

    public static TakesParameter Described(IReadOnlyList<string> fields, string fallback) =>
        new(Parameter, "string", "What the list is sorted by, descending with a `-`; the id breaks ties.")
        {
            Values = Choices(fields), DefaultText = fallback,
        };

    public override string ToString() => IsDescending ? "-" + Field : Field;

    private static string[] Choices(IReadOnlyList<string> fields) =>
        [.. fields, .. fields.Select(field => "-" + field)];

    private static Sort Parse(string text) => text[0] == '-' ? new(text[1..], true) : new(text, false);
}
