using System.Text;
using System.Text.Json;

namespace Orderly.EndToEndTests.Fuzzing;

/// <summary>
/// What every answer must be, whatever was asked: no failure of the server, a status that the description lists, and
/// a body as it says. Pure: a request, its answer, and what is wrong with it.
/// </summary>
internal sealed class AnswerRules(ApiDescription api)
{
    private const string ProblemType = "application/problem+json";
    private const string ProblemSchema = "ProblemDocument";
    private const int RowsCheckedMax = 20;

    /// <summary>What a message may get that has not become a request of any operation (RFC 9110, 15.5).</summary>
    private static readonly int[] OfMessages = [400, 405, 408, 413, 414, 431];

    /// <summary>What can only come from the inside of this server.</summary>
    private static readonly string[] Inside =
        ["Npgsql", "   at ", "System.", "Microsoft.", "StackTrace", "SqlState", "relation \"", "/src/Orderly"];

    private readonly HashSet<int> _everywhere =
        [.. api.Operations.SelectMany(operation => operation.Answers.Keys).Where(status => status < 500), 405];

    public IEnumerable<string> Check(FuzzRequest request, FuzzAnswer answer)
    {
        if (answer.Status == 0)
        {
            // Who sends no HTTP and stops sending may find the connection closed, but never silent.
            return request.Kind == FuzzKind.Broken && !answer.Failure!.Contains("Cancel", StringComparison.Ordinal)
                ? []
                : [$"no answer: {answer.Failure}"];
        }

        return
        [
            .. CheckStatus(request, answer), .. CheckHeaders(answer), .. CheckBody(request, answer),
            .. CheckTaken(request, answer),
        ];
    }

    private IEnumerable<string> CheckStatus(FuzzRequest request, FuzzAnswer answer)
    {
        if (answer.Status >= 500)
        {
            yield return $"the server failed with {answer.Status}";
        }

        var isKnown = request.Operation is { } operation && request.Kind != FuzzKind.Broken
            ? operation.Answers.ContainsKey(answer.Status)
                || (request.Kind == FuzzKind.Hostile && OfMessages.Contains(answer.Status))
            : _everywhere.Contains(answer.Status) || OfMessages.Contains(answer.Status);
        if (!isKnown)
        {
            yield return $"{answer.Status} is not described";
        }
    }

    private static IEnumerable<string> CheckHeaders(FuzzAnswer answer)
    {
        foreach (var name in answer.Headers.Select(header => header.Name).Where(name =>
            name.StartsWith(HostileText.InjectedHeader, StringComparison.OrdinalIgnoreCase)
            || name.Equals("Server", StringComparison.OrdinalIgnoreCase)))
        {
            yield return $"it has the header {name}";
        }

        if (answer.Header("X-Request-Id") is null)
        {
            yield return "it has no X-Request-Id";
        }

        if (answer.Header("X-Content-Type-Options") != "nosniff" && answer.Body.Length > 0)
        {
            yield return "a browser may guess what it is";
        }
    }

    private IEnumerable<string> CheckBody(FuzzRequest request, FuzzAnswer answer)
    {
        if (request.Method == "HEAD" || answer.Status is 204 or 304)
        {
            return answer.Body.Length == 0 ? [] : ["it has a body"];
        }

        if (answer.Status >= 400)
        {
            return CheckProblem(request, answer);
        }

        return request.Operation is { } operation && request.Kind != FuzzKind.Broken
            && operation.Answers.TryGetValue(answer.Status, out var types)
            ? CheckDescribed(types, answer, request.Target.Contains("fields=", StringComparison.Ordinal))
            : [];
    }

    private List<string> CheckProblem(FuzzRequest request, FuzzAnswer answer)
    {
        var text = Encoding.UTF8.GetString(answer.Body);
        if (answer.MediaType != ProblemType || answer.Json is not { } problem)
        {
            return [$"it is no problem document: {answer.MediaType} {text}"];
        }

        var faults = api.Checker.Check(ProblemSchema, problem).ToList();
        if (faults.Count == 0 && (problem.GetProperty("status").GetInt32() != answer.Status
            || problem.GetProperty("type").GetString() != "/problems/" + problem.GetProperty("code").GetString()))
        {
            faults.Add($"the problem is not what the answer is: {text}");
        }

        if (faults.Count > 0)
        {
            return faults;
        }

        // What the caller sent may be told back; what is said of it may not tell of the inside.
        var sent = Encoding.UTF8.GetString(request.ToBytes());
        faults.AddRange(Inside.Where(word => !sent.Contains(word)).Where(word =>
            problem.GetProperty("title").GetString()!.Contains(word)
            || problem.GetProperty("detail").GetString()!.Contains(word))
            .Select(word => $"it tells of {word}: {text}"));
        return faults;
    }

    private IEnumerable<string> CheckDescribed(
        IReadOnlyDictionary<string, JsonElement> types, FuzzAnswer answer, bool isPartial)
    {
        if (answer.MediaType is not { } type || !types.TryGetValue(type, out var schema))
        {
            return [$"{answer.MediaType} is not described for {answer.Status}"];
        }

        if (type == "application/x-ndjson")
        {
            return CheckRows(answer, isPartial);
        }

        if (type != "application/json")
        {
            return [];
        }

        return answer.Json is not { } body ? ["it is no JSON"]
            : isPartial ? []
            : api.Checker.Check(schema, body).Select(fault => $"its body: {fault}");
    }

    private IEnumerable<string> CheckRows(FuzzAnswer answer, bool isPartial) =>
        Encoding.UTF8.GetString(answer.Body).Split('\n')[..^1].Take(RowsCheckedMax).SelectMany(row =>
            FuzzAnswer.Parse(Encoding.UTF8.GetBytes(row)) is not { } order ? [$"a row is no JSON: {row}"]
            : isPartial ? []
            : api.Checker.Check("OrderView", order).Select(fault => $"a row: {fault}"));

    /// <summary>What its own description refuses, the server may not take.</summary>
    private IEnumerable<string> CheckTaken(FuzzRequest request, FuzzAnswer answer)
    {
        if (answer.Status / 100 != 2 || request.Operation is not { } operation || request.Body is not { } sent
            || request.Kind == FuzzKind.Broken
            || operation.Bodies.FirstOrDefault(body => body.Key.EndsWith("json", StringComparison.Ordinal)
                && body.Key != "application/x-ndjson") is not { Key: not null } described)
        {
            return [];
        }

        return FuzzAnswer.Parse(sent) is not { } body
            ? sent.Length == 0 && !operation.IsBodyRequired ? [] : ["it took what is no JSON"]
            : api.Checker.Check(described.Value, body)
                .Select(fault => $"it took a body that it says it refuses: {fault}");
    }
}
