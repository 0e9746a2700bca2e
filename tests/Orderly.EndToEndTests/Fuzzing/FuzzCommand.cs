using System.Globalization;

namespace Orderly.EndToEndTests.Fuzzing;

/// <summary>The long run as a command: <c>fuzz --requests 100000 --seed 1</c>.</summary>
internal static class FuzzCommand
{
    private const int Done = 0;
    private const int Violated = 1;
    private const int WrongOption = 2;

    public static async Task<int> RunAsync(string[] arguments)
    {
        var options = new FuzzOptions { Seed = Environment.ProcessId, Report = Console.WriteLine };
        for (var i = 0; i < arguments.Length; i += 2)
        {
            if (i + 1 == arguments.Length
                || !int.TryParse(arguments[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            {
                Console.Error.WriteLine($"{arguments[i]} takes a number.");
                return WrongOption;
            }

            switch (arguments[i])
            {
                case "--requests":
                    options = options with { Requests = value };
                    break;
                case "--seed":
                    options = options with { Seed = value };
                    break;
                case "--connections":
                    options = options with { Connections = value };
                    break;
                default:
                    Console.Error.WriteLine($"There is no option {arguments[i]}: --requests, --seed, --connections.");
                    return WrongOption;
            }
        }

        var result = await Fuzzer.RunAsync(options);
        Console.WriteLine(result.Summary);
        return result.Violations.Count == 0 ? Done : Violated;
    }
}
