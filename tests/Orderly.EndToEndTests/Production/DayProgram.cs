using System.Globalization;

namespace Orderly.EndToEndTests.Production;

/// <summary>The command <c>day</c>.</summary>
internal static class DayProgram
{
    private const int Held = 0;
    private const int DidNotHold = 1;
    private const int WrongOption = 2;
    private const int MinutesMax = 24 * 60;
    private const int RateMax = 5_000;

    public static async Task<int> RunAsync(string[] arguments)
    {
        var options = new DayOptions
        {
            Report = line => Console.WriteLine($"{TimeProvider.System.GetUtcNow():HH:mm:ss} {line}"),
        };
        string? report = null;
        for (var i = 0; i < arguments.Length; i += 2)
        {
            var value = i + 1 < arguments.Length ? arguments[i + 1] : "";
            var number = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var given)
                ? given : 0;
            switch (arguments[i])
            {
                case "--minutes" when number is > 0 and <= MinutesMax:
                    options = options with { Minutes = number };
                    break;
                case "--rate" when number is > 0 and <= RateMax:
                    options = options with { Rate = number };
                    break;
                case "--seed" when number > 0:
                    options = options with { Seed = number };
                    break;
                case "--report" when value.Length > 0:
                    report = value;
                    break;
                default:
                    Console.Error.WriteLine(
                        "day takes --minutes, --rate and --seed with a number, and --report with a file.");
                    return WrongOption;
            }
        }

        var result = await ProductionDay.RunAsync(options);
        var text = DayReport.Write(options, result);
        if (report is not null)
        {
            await File.WriteAllTextAsync(report, text);
        }

        Console.WriteLine(text);
        return result.Holds ? Held : DidNotHold;
    }
}
