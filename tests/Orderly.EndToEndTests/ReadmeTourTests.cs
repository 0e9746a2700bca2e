using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Orderly.EndToEndTests.Running;

namespace Orderly.EndToEndTests;

/// <summary>The commands of the README, as a new user pastes them, and what it says they answer.</summary>
[Collection(Soak.OneAtATime)]
public sealed partial class ReadmeTourTests
{
    private const string Separator = "----- next -----";
    private const int TourTimeoutSeconds = 60;

    [Fact]
    public async Task Every_command_of_the_tour_answers_what_the_README_says()
    {
        var steps = Steps().Matches(await ReadAsync()).Select(match =>
            (Commands: match.Groups["commands"].Value, Answer: match.Groups["answer"].Value)).ToList();
        steps.Count.ShouldBeGreaterThan(12);
        await using var server = await LoneServer.StartAsync();
        var script = new StringBuilder();
        script.Append($"export KEY={ServerProcess.Key} URL={server.Address.ToString().TrimEnd('/')}\n");
        script.AppendJoin($"\nprintf '\\n{Separator}\\n'\n", steps.Select(step => step.Commands));

        var answers = (await RunAsync(script.ToString())).Split(Separator);

        answers.Length.ShouldBe(steps.Count);
        foreach (var (step, answer) in steps.Zip(answers))
        {
            Plain(answer).ShouldBe(Plain(step.Answer), step.Commands);
        }
    }

    /// <summary>
    /// What differs from one installation and run to the next stands as its kind; line ends don't count.
    /// </summary>
    private static string Plain(string answer)
    {
        var plain = Time().Replace(Id().Replace(answer, "<id>"), "<time>");
        plain = TraceId().Replace(plain, "\"traceId\":\"<trace>\"");
        plain = Token().Replace(plain, "\"next\":\"<token>\"");
        return string.Concat(plain.Where(letter => !char.IsWhiteSpace(letter)));
    }

    private static async Task<string> RunAsync(string script)
    {
        var start = new ProcessStartInfo("bash", ["-s"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var bash = Process.Start(start)!;
        await bash.StandardInput.WriteAsync(script);
        bash.StandardInput.Close();
        var output = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(TourTimeoutSeconds), TestContext.Current.CancellationToken);
        await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output;
    }

    private static Task<string> ReadAsync()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Orderly.slnx")))
        {
            folder = folder.Parent!;
        }

        return File.ReadAllTextAsync(
            Path.Combine(folder.FullName, "README.md"), TestContext.Current.CancellationToken);
    }

    [GeneratedRegex(
        @"<!-- tour -->\n```sh\n(?<commands>.*?)```\n```\w+\n(?<answer>.*?)```",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Steps();

    [GeneratedRegex(
        "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Id();

    [GeneratedRegex(
        @"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Time();

    [GeneratedRegex("\"traceId\":\"[0-9a-f]{32}\"", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex TraceId();

    [GeneratedRegex("\"next\":\"[^\"]+\"", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Token();
}
