using Orderly.EndToEndTests.Work;

namespace Orderly.EndToEndTests.Fuzzing;

/// <summary>The long run as a command: <c>fuzz --requests 100000 --seed 1</c>.</summary>
internal static class FuzzCommand
{
    private const int Done = 0;
    private const int Violated = 1;
    private const int WrongOption = 2;

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (NumberOptions.Read(arguments, "--requests", "--seed", "--connections") is not { } given)
        {
            return WrongOption;
        }

        var usual = new FuzzOptions { Seed = Environment.ProcessId, Report = Console.WriteLine };
        var options = usual with
        {
            Requests = given.GetValueOrDefault("--requests", usual.Requests),
            Seed = given.GetValueOrDefault("--seed", usual.Seed),
            Connections = given.GetValueOrDefault("--connections", usual.Connections),
        };
        var result = await Fuzzer.RunAsync(options);
        Console.WriteLine(result.Summary);
        return result.Violations.Count == 0 ? Done : Violated;
    }
}
