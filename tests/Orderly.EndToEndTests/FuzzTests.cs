using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Orderly.EndToEndTests.Fuzzing;

namespace Orderly.EndToEndTests;

/// <summary>A short run of requests that nobody thought of. The long one is a command, see README.md.</summary>
[Collection(Soak.OneAtATime)]
public sealed class FuzzTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Whatever_is_sent_every_answer_is_one_that_the_description_lists()
    {
        var result = await Fuzzer.RunAsync(new FuzzOptions { Requests = 4_000, Seed = 5, Report = output.WriteLine });

        output.WriteLine(result.Summary);
        result.Violations.ShouldBeEmpty(result.Summary);

        // Requests that never get past the first check would prove little.
        foreach (var operation in result.Statuses.Keys.Select(key => key.Operation).Where(name => name != "elsewhere")
            .Distinct())
        {
            var statuses = result.Statuses.Keys.Where(key => key.Operation == operation)
                .Select(key => key.Status).ToList();
            statuses.ShouldContain(status => status / 100 == 2, $"{operation} took none: {result.Summary}");
            statuses.ShouldContain(status => status / 100 == 4, $"{operation} refused none: {result.Summary}");
        }
    }
}

/// <summary>The rules, and what requests are made of, seen to do what they are for.</summary>
public sealed class FuzzRuleTests
{
    private const string Problem = """
        {"type": "/problems/order-not-found", "title": "T", "status": 404, "detail": "D", "instance": "/orders/x",
         "code": "order-not-found", "traceId": "f2b422052ff72898a1607a4ad83d973d"}
        """;

    private static readonly ApiDescription Api = new(File.ReadAllBytes(CommittedDocument()));

    [Theory]
    [InlineData(404, "application/problem+json", Problem, null)]
    [InlineData(500, "application/problem+json", Problem, "failed with 500")]
    [InlineData(418, "application/problem+json", Problem, "418 is not described")]
    [InlineData(400, "application/problem+json", Problem, "not what the answer is")]
    [InlineData(404, "text/html", Problem, "no problem document")]
    [InlineData(404, "application/problem+json", "{}", "required")]
    [InlineData(404, "application/problem+json", "", "no problem document")]
    [InlineData(200, "application/json", "{}", "required")]
    [InlineData(200, "application/json", "{", "no JSON")]
    [InlineData(200, "text/plain", "{}", "text/plain is not described")]
    [InlineData(0, "", "", "no answer")]
    public void An_answer_that_is_not_as_described_is_found(int status, string type, string body, string? expected)
    {
        var faults = Check(status, [("Content-Type", type)], body);

        if (expected is null)
        {
            faults.ShouldBeEmpty();
        }
        else
        {
            faults.ShouldContain(fault => fault.Contains(expected), string.Join("; ", faults));
        }
    }

    [Fact]
    public void A_header_from_the_request_and_words_from_the_inside_are_found()
    {
        Check(404, [("Content-Type", "application/problem+json"), ("X-Injected", "1")], Problem)
            .ShouldContain("it has the header X-Injected");
        Check(404, [("Content-Type", "application/problem+json")], Problem.Replace("\"D\"", "\"Npgsql.Oops\""))
            .ShouldContain(fault => fault.StartsWith("it tells of Npgsql"));
        new AnswerRules(Api).Check(
            Request("PUT /orders/{id}", """{"datetime": 1}"""),
            new FuzzAnswer(200, [("Content-Type", "application/json")], [], isWhole: true, failure: null))
            .ShouldContain(fault => fault.StartsWith("it took a body that it says it refuses"));
    }

    [Fact]
    public void Text_of_every_pattern_in_the_description_matches_it()
    {
        var random = new Random(1);
        var patterns = Patterns(Api.Root).Distinct().ToList();
        patterns.Count.ShouldBeGreaterThan(10);
        foreach (var pattern in patterns)
        {
            for (var i = 0; i < 100; i++)
            {
                var text = PatternText.Make(pattern, random);
                Regex.IsMatch(text, pattern, RegexOptions.None, TimeSpan.FromSeconds(1))
                    .ShouldBeTrue($"{pattern}: {text}");
            }
        }
    }

    [Fact]
    public void A_number_and_a_seed_make_the_same_request_again_and_another_seed_another()
    {
        string Make(int seed) => string.Join('\n', Enumerable.Range(1, 500).Select(number =>
            new RequestMaker(Api, new SeenValues(), "administrator", seed).Make(number).ToString()));

        Make(1).ShouldBe(Make(1));
        Make(1).ShouldNotBe(Make(2));
    }

    private static List<string> Check(int status, IReadOnlyList<(string, string)> headers, string body) =>
    [
        .. new AnswerRules(Api).Check(
            Request("GET /orders/{id}", null),
            new FuzzAnswer(status, [.. headers, ("X-Request-Id", "1"), ("X-Content-Type-Options", "nosniff")],
                Encoding.UTF8.GetBytes(body), isWhole: true, failure: "closed")),
    ];

    private static FuzzRequest Request(string operation, string? body)
    {
        var described = Api.Operations.Single(one => one.Name == operation);
        return new FuzzRequest(1, described, FuzzKind.Valid, "", "", described.Method, "/orders/x", [],
            body is null ? null : Encoding.UTF8.GetBytes(body));
    }

    private static IEnumerable<string> Patterns(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member =>
            member is { Name: "pattern", Value.ValueKind: JsonValueKind.String }
                ? [member.Value.GetString()!]
                : Patterns(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Patterns),
        _ => [],
    };

    private static string CommittedDocument()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Orderly.slnx")))
        {
            folder = folder.Parent.ShouldNotBeNull("the tests run inside the repository");
        }

        return Path.Combine(folder.FullName, "docs", "openapi.json");
    }
}
