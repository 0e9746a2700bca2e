using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Orderly.Bench.Load;

/// <summary>
/// Sees, before anything is measured, that a server does the work it is measured for: who does less is not faster.
/// </summary>
internal static class FeatureCheck
{
    /// <summary>Orders that stay behind.</summary>
    public const int OrdersLeft = 1;

    private const string Body =
        """
        {"datetime":"2030-05-17T09:30:00Z","services":[{"id":"service-1","quantity":2},{"id":"service-3"}],
         "reference":"CHECK-1","metadata":{"region":"eu"}}
        """;

    public static async Task Run(string target, Uri address, string key)
    {
        using var http = new HttpClient { BaseAddress = address };
        await Expect(target, "an order without a key", HttpStatusCode.Unauthorized, await Post(http, Body));
        http.DefaultRequestHeaders.Add("X-Api-Key", key);
        await ExpectRefused(target, "an order without services", http, """{"datetime":"2030-05-17T09:30:00Z"}""");
        await ExpectRefused(target, "an unknown service", http, Replaced("service-3", "nothing"));
        await ExpectRefused(target, "a negative fee", http, Replaced("\"reference\"", "\"totalfee\":-1,\"reference\""));

        using var made = await Post(http, Body);
        await Expect(target, "an order", HttpStatusCode.Created, made);
        var order = await made.Content.ReadFromJsonAsync<JsonElement>();
        var total = order.GetProperty("totalfee").GetDecimal();
        Check(target, "the total is the sum of its lines", total == (2 * 20.5m) + 22.5m);
        var line = order.GetProperty("services")[0];
        Check(target, "a line has its record's name", line.GetProperty("name").ValueEquals("Service number 1"));
        await Expect(target, "a reference that is taken", HttpStatusCode.Conflict, await Post(http, Body));

        var path = made.Headers.Location ?? throw new BenchException($"{target} gives no Location.");
        var location = new Uri(address, path);
        var read = await http.GetFromJsonAsync<JsonElement>(location);
        Check(target, "an order is read with its lines", read.GetProperty("services").GetArrayLength() == 2);
        using var update = await http.PutAsync(location, Json(Body));
        await Expect(target, "an update of a young order", HttpStatusCode.Conflict, update);
        var list = await http.GetFromJsonAsync<JsonElement>(new Uri(address, "/orders?limit=50"));
        Check(target, "the list has the order", list.GetProperty("data").GetArrayLength() == 1
            && list.GetProperty("data")[0].GetProperty("services").GetArrayLength() == 2);
        await CheckTransfers(target, http);
    }

    private static async Task CheckTransfers(string target, HttpClient http)
    {
        var good = Body.ReplaceLineEndings("").Replace("CHECK-1", "CHECK-2", StringComparison.Ordinal);
        var bad = good.Replace("service-3", "nothing", StringComparison.Ordinal);
        using var rows = new StringContent($"{good}\n{bad}\n", System.Text.Encoding.UTF8, OrderTransfers.NdJson);
        using var import = await http.PostAsync("/orders/import?mode=atomic", rows);
        await Expect(target, "an import with an unknown service", HttpStatusCode.UnprocessableEntity, import);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/orders");
        request.Headers.Accept.ParseAdd(OrderTransfers.NdJson);
        using var stream = await http.SendAsync(request);
        var lines = (await stream.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Check(target, "the stream has the one order, and nothing of the refused import", lines.Length == 1);
        var order = JsonSerializer.Deserialize<JsonElement>(lines[0]);
        Check(target, "a streamed order has its lines", order.GetProperty("services").GetArrayLength() == 2);
    }

    private static StringContent Json(string body) => new(body, System.Text.Encoding.UTF8, "application/json");

    private static string Replaced(string from, string to) => Body.Replace(from, to, StringComparison.Ordinal);

    private static Task<HttpResponseMessage> Post(HttpClient http, string body) =>
        http.PostAsync("/orders", Json(body));

    private static async Task Expect(string target, string what, HttpStatusCode wanted, HttpResponseMessage answer)
    {
        if (answer.StatusCode != wanted)
        {
            throw new BenchException($"{target} answers {(int)answer.StatusCode} to {what}, not {(int)wanted}: "
                + await answer.Content.ReadAsStringAsync());
        }
    }

    private static async Task ExpectRefused(string target, string what, HttpClient http, string body)
    {
        using var answer = await Post(http, body);
        if (answer.StatusCode is not (HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity))
            await Expect(target, what, HttpStatusCode.UnprocessableEntity, answer);
    }

    private static void Check(string target, string what, bool holds)
    {
        if (!holds) throw new BenchException($"{target}: not so: {what}.");
    }
}
