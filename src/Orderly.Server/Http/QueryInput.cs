using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Orderly.Contract.Problems;

namespace Orderly.Server.Http;

/// <summary>
/// The query of a request, read strictly: a parameter that is not known here, or comes twice, is a fault. Names are
/// case-sensitive.
/// </summary>
internal sealed class QueryInput
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    private QueryInput()
    {
    }

    public Faults Faults { get; } = new();

    public static QueryInput Read(HttpRequest request, params string[] known) => Read(request, prefix: null, known);

    /// <param name="prefix">Every name that begins so, and goes on, is known, too; null where there is none.</param>
    public static QueryInput Read(HttpRequest request, string? prefix, string[] known)
    {
        var query = new QueryInput();
        foreach (var pair in new QueryStringEnumerable(request.QueryString.Value))
        {
            var name = pair.DecodeName().ToString();
            if (QueryText.IsReadable(pair.EncodedName.Span) && QueryText.IsReadable(pair.EncodedValue.Span))
            {
                query.Take(name, pair.DecodeValue().ToString(), prefix, known);
            }
            else
            {
                query.Refuse(Suggestion.Cut(name),
                    $"{Suggestion.Quote(name)} is not UTF-8 in percent-encoding (RFC 3986).");
            }
        }

        return query;
    }

    /// <summary>What is wrong with a request whose address takes no parameters, or null.</summary>
    public static Problem? RefuseAny(HttpRequest request) =>
        request.QueryString.HasValue ? Read(request).ToProblem() : null;

    public Problem? ToProblem() => Faults.ToProblem();

    public string? Text(string name) => _values.GetValueOrDefault(name);

    /// <summary>Text that can be looked for: so many characters, none of them NUL.</summary>
    public string? Text(string name, int lengthMin, int lengthMax)
    {
        if (Text(name) is not { } text
            || (text.Length >= lengthMin && !text.Contains('\0', StringComparison.Ordinal)
                && (text.Length <= lengthMax || text.EnumerateRunes().Count() <= lengthMax)))
        {
            return Text(name);
        }

        Refuse(name, $"\"{name}\" has {lengthMin} to {lengthMax} characters, none of them NUL.");
        return null;
    }

    /// <summary>The names of parameters that begin so.</summary>
    public IEnumerable<string> NamesWith(string prefix) =>
        _values.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>Names out of a list, with commas between them; null where the parameter is not there.</summary>
    public IReadOnlyList<string>? Choices(string name, IReadOnlyList<string> known)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        var chosen = text.Split(',');
        foreach (var choice in chosen.Where(choice => !known.Contains(choice, StringComparer.Ordinal))
            .Distinct(StringComparer.Ordinal))
        {
            Refuse(name, $"\"{name}\" is one or more of {string.Join(", ", known)}, with commas between them; "
                + $"{Suggestion.Quote(choice)} is none of them.{Suggestion.For(choice, known)}");
        }

        return [.. chosen.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>One name out of a list; null where the parameter is not there, or is none of them.</summary>
    public string? Choice(string name, IReadOnlyList<string> known)
    {
        if (Text(name) is not { } text || known.Contains(text, StringComparer.Ordinal))
        {
            return Text(name);
        }

        Refuse(name, $"\"{name}\" is one of {string.Join(", ", known)}; "
            + $"{Suggestion.Quote(text)} is not.{Suggestion.For(text, known)}");
        return null;
    }

    /// <summary>An exact amount, written as a JSON number is.</summary>
    public decimal? Money(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (JsonMembers.IsNumber(text)
            && ExactNumber.Read(Encoding.ASCII.GetBytes(text), out var amount) == NumberReading.Exact)
        {
            return amount;
        }

        Refuse(name, $"\"{name}\" is a number with at most {ExactNumber.DecimalsMax} decimals and "
            + $"{ExactNumber.DigitsMax} digits, as 149.90; {Suggestion.Quote(text)} is not.");
        return null;
    }

    /// <summary>A whole number, not negative.</summary>
    public long? Count(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        Refuse(name, $"\"{name}\" is a whole number from 0; {Suggestion.Quote(text)} is not.");
        return null;
    }

    public int WholeNumber(string name, int min, int max, int fallback)
    {
        if (Text(name) is not { } text)
        {
            return fallback;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= min && number <= max)
        {
            return number;
        }

        Refuse(name, $"\"{name}\" is a whole number from {min} to {max}; {Suggestion.Quote(text)} is not.");
        return fallback;
    }

    public DateTime? Instant(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (Http.Instant.TryParse(text, out var instant))
        {
            return instant;
        }

        Refuse(name,
            $"\"{name}\" is RFC 3339 with an offset, as 2026-11-23T09:30:00Z (a + in a query is written %2B).");
        return null;
    }

    public bool? Bool(string name)
    {
        switch (Text(name))
        {
            case null:
                return null;
            case "true":
                return true;
            case "false":
                return false;
            case { } text:
                Refuse(name, $"\"{name}\" is true or false; {Suggestion.Quote(text)} is not.");
                return null;
        }
    }

    /// <summary>A value that the parameter cannot have.</summary>
    public void Refuse(string name, string detail) =>
        Faults.AddParameter(ProblemCode.InvalidParameter, name, detail);

    private void Take(string name, string value, string? prefix, string[] known)
    {
        var isPrefixed = prefix is not null
            && name.Length > prefix.Length && name.StartsWith(prefix, StringComparison.Ordinal);
        if (!isPrefixed && !known.Contains(name, StringComparer.Ordinal))
        {
            string[] candidates = prefix is not null && name.Split(['.', '['], 2) is [_, { Length: > 0 } rest]
                ? [.. known, prefix + rest.TrimEnd(']')]
                : known;
            Faults.AddParameter(ProblemCode.UnknownParameter, Suggestion.Cut(name),
                $"There is no parameter {Suggestion.Quote(name)} here.{Suggestion.For(name, candidates)}");
        }
        else if (!_values.TryAdd(name, value))
        {
            Faults.AddParameter(ProblemCode.RepeatedParameter, name, $"\"{name}\" is given more than once.");
        }
    }
}
