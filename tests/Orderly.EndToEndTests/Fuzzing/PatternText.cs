using System.Globalization;

namespace Orderly.EndToEndTests.Fuzzing;

/// <summary>
/// Text that a regular expression matches, for the few constructs that the patterns of an OpenAPI document use:
/// letters, escapes, classes, groups, alternatives and repetitions. Another construct throws.
/// </summary>
internal sealed class PatternText
{
    private const int RepeatMax = 12;
    private const string Printable = "0aZ-_.~!#$%&'()*+/:;<=>?[]^`{|}";

    private readonly string _pattern;
    private readonly Random _random;
    private int _at;

    private PatternText(string pattern, Random random)
    {
        _pattern = pattern;
        _random = random;
    }

    public static string Make(string pattern, Random random) => new PatternText(pattern, random).Choice()();

    /// <summary>Alternatives, up to the end or a closing bracket.</summary>
    private Func<string> Choice()
    {
        var choices = new List<Func<string>>();
        do
        {
            choices.Add(Sequence());
        }
        while (Accept('|'));

        return () => choices[_random.Next(choices.Count)]();
    }

    private Func<string> Sequence()
    {
        var parts = new List<Func<string>>();
        while (_at < _pattern.Length && _pattern[_at] is not ('|' or ')'))
        {
            if (Accept('^') || Accept('$'))
            {
                continue;
            }

            var atom = Atom();
            var (least, most) = Repetitions();
            parts.Add(() => string.Concat(
                Enumerable.Range(0, _random.Next(least, most + 1)).Select(_ => atom())));
        }

        return () => string.Concat(parts.Select(part => part()));
    }

    private Func<string> Atom()
    {
        var letter = _pattern[_at++];
        switch (letter)
        {
            case '(':
                var inner = Choice();
                _at++;
                return inner;
            case '[':
                var letters = Class();
                return () => letters[_random.Next(letters.Length)].ToString();
            case '\\':
                var escaped = _pattern[_at++].ToString();
                return char.IsLetter(escaped[0])
                    ? throw new NotSupportedException($"The escape {escaped} of {_pattern} is not made.")
                    : () => escaped;
            default:
                return () => letter.ToString();
        }
    }

    /// <summary>The characters of a class; of one that says which are not, some that are left.</summary>
    private string Class()
    {
        var isNegated = Accept('^');
        var letters = new List<char>();
        while (!Accept(']'))
        {
            var first = _pattern[_at++];
            if (first == '\\')
            {
                letters.Add(_pattern[_at++] is var escaped and not 's' ? escaped : ' ');
            }
            else if (_pattern[_at] == '-' && _pattern[_at + 1] != ']')
            {
                letters.AddRange(Enumerable.Range(first, _pattern[_at + 1] - first + 1).Select(code => (char)code));
                _at += 2;
            }
            else
            {
                letters.Add(first);
            }
        }

        return string.Concat(isNegated ? Printable.Except(letters) : letters);
    }

    private (int Least, int Most) Repetitions()
    {
        if (Accept('?'))
        {
            return (0, 1);
        }

        if (Accept('*'))
        {
            return (0, RepeatMax);
        }

        if (Accept('+'))
        {
            return (1, RepeatMax);
        }

        if (!Accept('{'))
        {
            return (1, 1);
        }

        var end = _pattern.IndexOf('}', _at);
        var bounds = _pattern[_at..end].Split(',');
        _at = end + 1;
        return (int.Parse(bounds[0], CultureInfo.InvariantCulture),
            int.Parse(bounds[^1], CultureInfo.InvariantCulture));
    }

    private bool Accept(char letter)
    {
        if (_at == _pattern.Length || _pattern[_at] != letter)
        {
            return false;
        }

        _at++;
        return true;
    }
}
