using System.Text.RegularExpressions;

namespace Orderly.Tests.Architecture;

/// <summary>What docs/security claims to be shown by a test is: each test that it names exists.</summary>
public sealed partial class SecurityEvidenceTests
{
    private static readonly string[] States = ["yes", "partly", "no", "n/a"];
    private static readonly DirectoryInfo Root = FindRoot();

    /// <summary>Every test as <c>Class.Method</c>, and every class of tests.</summary>
    private static readonly HashSet<string> Tests = [.. Directory
        .EnumerateFiles(Path.Combine(Root.FullName, "tests"), "*Tests.cs", SearchOption.AllDirectories)
        .SelectMany(file => Named(File.ReadAllText(file)))];

    [Theory]
    [InlineData("docs/security/api-top-10.md", 20)]
    [InlineData("docs/security/asvs.md", 60)]
    public void Every_test_that_is_named_exists(string path, int least)
    {
        var named = Claimed(File.ReadAllText(Path.Combine(Root.FullName, path)));

        named.Count.ShouldBeGreaterThan(least);
        named.Where(test => !Tests.Contains(test)).ShouldBeEmpty();
    }

    [Fact]
    public void Every_risk_is_there_with_a_test()
    {
        var rows = Rows("docs/security/api-top-10.md");

        for (var i = 1; i <= 10; i++)
        {
            Claimed(rows.Single(row => row[0].StartsWith($"API{i} ")).Last()).ShouldNotBeEmpty($"API{i}");
        }
    }

    [Fact]
    public void Every_requirement_is_met_or_says_why_not()
    {
        foreach (var row in Rows("docs/security/asvs.md"))
        {
            row.Length.ShouldBe(5, row[0]);
            States.ShouldContain(row[3], row[0]);
            row[4].ShouldNotBeNullOrWhiteSpace(row[0]);
        }
    }

    [Fact]
    public void A_test_that_does_not_exist_is_found()
    {
        Claimed("| `FuzzTests.Never_written` and `LostTests` |").Where(test => !Tests.Contains(test))
            .ShouldBe(["FuzzTests.Never_written", "LostTests"]);
        Named("public sealed class ATests\n{\n    public void One() { }\n}\npublic sealed class BTests(int a)\n{\n"
            + "    public async Task Two(int b)\n").ShouldBe(["ATests", "ATests.One", "BTests", "BTests.Two"]);
    }

    private static List<string> Claimed(string text) =>
        [.. ClaimPattern().Matches(text).Select(match => match.Groups["test"].Value).Distinct()];

    private static IEnumerable<string> Named(string source)
    {
        var name = "";
        foreach (Match match in TestPattern().Matches(source))
        {
            if (match.Groups["class"] is { Success: true } found)
            {
                name = found.Value;
                yield return name;
            }
            else
            {
                yield return $"{name}.{match.Groups["method"].Value}";
            }
        }
    }

    private static List<string[]> Rows(string path) =>
    [
        .. File.ReadLines(Path.Combine(Root.FullName, path))
            .Where(line => line.StartsWith('|') && !line.StartsWith("|---"))
            .Select(line => line.Trim('|').Split('|').Select(cell => cell.Trim()).ToArray())
            .Where(cells => cells[0] is not ("requirement" or "risk")),
    ];

    private static DirectoryInfo FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Orderly.slnx")))
        {
            folder = folder.Parent.ShouldNotBeNull("the tests run inside the repository");
        }

        return folder;
    }

    [GeneratedRegex(@"`(?<test>[A-Z]\w*Tests(\.\w+)?)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ClaimPattern();

    [GeneratedRegex(
        @"\bclass (?<class>\w+Tests)\b|^    public (async Task|void|Task) (?<method>\w+)\(",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TestPattern();
}
