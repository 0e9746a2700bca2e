using System.Globalization;
using Orderly.Contract.Problems;
using Orderly.Server.Database;

namespace Orderly.Server.Http;

/// <summary>
/// The query of a request, read strictly: a parameter that is not known here, or comes twice, is a fault. Names are
/// case-sensitive.
/// </summary>
internal sealed class QueryInput
{
    /// <summary>The parameter that all lists share.</summary>
    public static readonly TakesParameter CursorParameter =
        new("cursor", "string", "Where the page starts: `next` of the page before, as it came.")
        {
            LengthMax = Cursor.LengthMax, Pattern = "^[A-Za-z0-9_-]+$",
        };

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    private QueryInput()
    {
    }

    public Faults Faults { get; } = new();

    public static QueryInput Read(HttpRequest request, params string[] known)
    {
        var query = new QueryInput();
        if (!request.QueryString.HasValue)
        {
            return query;
        }

        foreach (var pair in new Microsoft.AspNetCore.WebUtilities.QueryStringEnumerable(request.QueryString.Value))
        {
            query.Take(pair.DecodeName().ToString(), pair.DecodeValue().ToString(), known);
        }

        return query;
    }

    /// <summary>What is wrong with a request whose address takes no parameters, or null.</summary>
    public static Problem? RefuseAny(HttpRequest request) =>
        request.QueryString.HasValue ? Read(request).ToProblem() : null;

    public Problem? ToProblem() => Faults.ToProblem();

    public string? Text(string name) => _values.GetValueOrDefault(name);

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

        Faults.AddParameter(ProblemCode.InvalidParameter, name,
            $"\"{name}\" is a whole number from {min} to {max}; {Suggestion.Quote(text)} is not.");
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

        Faults.AddParameter(ProblemCode.InvalidParameter, name,
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
                Faults.AddParameter(ProblemCode.InvalidParameter, name,
                    $"\"{name}\" is true or false; {Suggestion.Quote(text)} is not.");
                return null;
        }
    }

    private void Take(string name, string value, string[] known)
    {
        if (!known.Contains(name, StringComparer.Ordinal))
        {
            var place = name.Length > 64 ? name[..64] : name;
            Faults.AddParameter(ProblemCode.UnknownParameter, place,
                $"There is no parameter {Suggestion.Quote(name)} here.{Suggestion.For(name, known)}");
        }
        else if (!_values.TryAdd(name, value))
        {
            Faults.AddParameter(ProblemCode.RepeatedParameter, name, $"\"{name}\" is given more than once.");
        }
    }
}
