namespace Orderly.Tests.Harness;

/// <summary>Bodies of orders as JSON text, so that a test decides over every character.</summary>
public static class AnOrder
{
    public const string Datetime = "2026-11-23T09:30:00Z";

    /// <summary>What every test server has: the ids and how they were put.</summary>
    public static IReadOnlyList<(string Id, string Json)> ServiceRecords { get; } =
    [
        ("deep-clean", """{"name": "Deep clean", "fee": 59.95}"""),
        ("window", """{"name": "Window cleaning", "fee": 20}"""),
        ("unpriced", """{"name": "On request"}"""),
        ("in-euro", """{"name": "Priced in euro", "fee": 10.00, "currency": "EUR"}"""),
        ("retired", """{"name": "No longer done", "fee": 1, "active": false}"""),
    ];

    /// <summary>The least that an order needs: one deep clean (59.95 USD).</summary>
    public static string Least { get; } = With("");

    /// <summary>The least with further members: <c>With("""  "totalfee": 5, "notes": "x"  """)</c>.</summary>
    public static string With(string members) => Of("""["deep-clean"]""", members);

    /// <summary>An order with these lines.</summary>
    public static string Of(string services, string members = "") => At($"\"{Datetime}\"", services, members);

    /// <summary>An order with this datetime and these lines, each as JSON.</summary>
    public static string At(string datetime, string services = """["deep-clean"]""", string members = "") =>
        $$"""{"datetime": {{datetime}}, "services": {{services}}{{(members.Length == 0 ? "" : ",")}} {{members}}}""";

    /// <summary>About as large as an order can be: 16 of them are more than a page holds, and less than two.</summary>
    public static string Large()
    {
        var text = string.Concat(Enumerable.Repeat("🙂", 512));
        var pairs = string.Join(",", Enumerable.Range(0, 49).Select(i => $"\"k{i}\": \"{text}\""));
        var lines = Lines(200, $$"""{"id": "deep-clean", "name": "{{text[..400]}}"}""");
        return Of(lines, $$"""  "metadata": {"size": "large", {{pairs}}}  """);
    }

    /// <summary>An array of that many equal lines.</summary>
    public static string Lines(int count, string line = "\"deep-clean\"") =>
        "[" + string.Join(",", Enumerable.Repeat(line, count)) + "]";
}
