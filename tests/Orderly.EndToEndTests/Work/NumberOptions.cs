using System.Globalization;

namespace Orderly.EndToEndTests.Work;

/// <summary>What a long run takes on its command line: names, each with a number behind it.</summary>
internal static class NumberOptions
{
    /// <summary>The numbers by their names; null where something was wrong, which was told.</summary>
    /// <param name="arguments">The command line behind the name of the run.</param>
    /// <param name="known">The names that there are.</param>
    public static IReadOnlyDictionary<string, int>? Read(string[] arguments, params string[] known)
    {
        var given = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < arguments.Length; i += 2)
        {
            if (i + 1 == arguments.Length
                || !int.TryParse(arguments[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            {
                Console.Error.WriteLine($"{arguments[i]} takes a number.");
                return null;
            }

            if (!known.Contains(arguments[i], StringComparer.Ordinal))
            {
                Console.Error.WriteLine($"There is no option {arguments[i]}: {string.Join(", ", known)}.");
                return null;
            }

            given[arguments[i]] = value;
        }

        return given;
    }
}
