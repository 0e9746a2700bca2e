using System.Text.Json;
using Orderly.Tests.Harness;

namespace Orderly.Tests.OpenApi;

/// <summary>The schemas say the truth: real answers fit them, and they take what the server takes.</summary>
public sealed class TrueSchemaTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const string Problem = "application/problem+json";
    private const string Json = "application/json";

    [Fact]
    public async Task Real_answers_about_orders_fit_their_schemas()
    {
        var whole = AnOrder.With("""
            "totalfee": 149.90, "reference": "schema-1", "notes": "n", "metadata": {"region": "eu"},
            "customer": {"name": "Ada", "email": "ada@example.com", "phone": null}
            """);
        var placed = (await server.Api.PostAsync("/orders", whole)).ShouldBe(201);
        await ShouldFitAsync("POST /orders", placed, 201, Json);
        await ShouldFitAsync("GET /orders/{id}", await server.Api.GetAsync("/orders/" + placed.Id), 200, Json);
        await ShouldFitAsync("GET /orders", await server.Api.GetAsync("/orders?limit=1"), 200, Json);
        var old = await server.PlaceOldAsync();
        await ShouldFitAsync(
            "PUT /orders/{id}", await server.Api.PutAsync(old, AnOrder.With("\"notes\": \"x\"")), 200, Json);
        await ShouldFitAsync("PATCH /orders/{id}", await server.Api.PatchAsync(old, "{}"), 200, Json);
    }

    [Fact]
    public async Task Real_answers_about_services_and_health_fit_their_schemas()
    {
        await ShouldFitAsync(
            "PUT /services/{id}", await server.Api.PutAsync("/services/s1", """{"name":"S"}"""), 201, Json);
        await ShouldFitAsync(
            "PATCH /services/{id}", await server.Api.PatchAsync("/services/s1", """{"fee":1.5}"""), 200, Json);
        await ShouldFitAsync("GET /services/{id}", await server.Api.GetAsync("/services/s1"), 200, Json);
        await ShouldFitAsync("GET /services", await server.Api.GetAsync("/services?limit=1&active=true"), 200, Json);
        await ShouldFitAsync("GET /health/live", await server.Api.GetAsync("/health/live"), 200, Json);
        await ShouldFitAsync("GET /health/ready", await server.Api.GetAsync("/health/ready"), 200, Json);
        using var stranger = new Api(server.Address, key: null);
        await ShouldFitAsync("GET /health/ready", await stranger.GetAsync("/health/ready"), 200, Json);
    }

    [Fact]
    public async Task Real_answers_about_keys_fit_their_schemas()
    {
        var body = """
            {"name": "S", "role": "viewer", "allowedCidrs": ["127.0.0.0/8"], "expiresAt": "2190-01-01T00:00:00Z",
             "rateLimit": {"writes": {"quota": 100, "windowSeconds": 1}}}
            """;
        var made = await server.Api.PostAsync("/keys", body);
        await ShouldFitAsync("POST /keys", made, 201, Json);
        using var caller = new Api(server.Address, made.String("key"));
        await ShouldFitAsync("GET /me", await caller.GetAsync("/me"), 200, Json);
        var key = "/keys/" + made.Id;
        await ShouldFitAsync("GET /keys/{id}", await server.Api.GetAsync(key), 200, Json);
        await ShouldFitAsync("PATCH /keys/{id}", await server.Api.PatchAsync(key, """{"role": "editor"}"""), 200, Json);
        await ShouldFitAsync("POST /keys/{id}/rotate", await server.Api.PostAsync(key + "/rotate", "{}"), 200, Json);
        await ShouldFitAsync("GET /keys", await server.Api.GetAsync("/keys?limit=1&revoked=include"), 200, Json);
        await ShouldFitAsync("GET /audit", await server.Api.GetAsync("/audit"), 200, Json);
        await ShouldFitAsync("GET /keys/{id}", await server.Api.GetAsync("/keys/nope"), 404, Problem);
        await ShouldFitAsync("DELETE /keys/{id}", await server.Api.DeleteAsync("/keys/bootstrap"), 409, Problem);
        await ShouldFitAsync(
            "POST /keys", await server.Api.PostAsync("/keys", """{"name": "", "role": "boss"}"""), 422, Problem);
    }

    [Fact]
    public async Task Real_answers_about_the_life_of_an_order_fit_their_schemas()
    {
        var order = await server.PlaceOldAsync(AnOrder.With("\"notes\": \"n\""));
        await server.Api.PatchAsync(order, "{\"notes\": null, \"metadata\": {\"a\": \"b\"}}");
        await ShouldFitAsync("POST /orders/{id}/status",
            await server.Api.PostAsync(order + "/status", """{"status": "confirmed", "reason": "r"}"""), 200, Json);
        await ShouldFitAsync("POST /orders/{id}/status",
            await server.Api.PostAsync(order + "/status", """{"status": "placed"}"""), 409, Problem);
        await ShouldFitAsync("PUT /orders/{id}",
            await server.Api.PutAsync(order, AnOrder.Least, ("If-Match", "\"v1\"")), 412, Problem);
        (await server.Api.DeleteAsync(order)).ShouldBe(204);
        await ShouldFitAsync(
            "POST /orders/{id}/restore", await server.Api.PostAsync(order + "/restore", "{}"), 200, Json);
        await ShouldFitAsync("POST /orders/{id}/revert",
            await server.Api.PostAsync(order + "/revert", """{"to": 1, "reason": "r"}"""), 200, Json);
        await ShouldFitAsync("GET /orders/{id}/revisions", await server.Api.GetAsync(order + "/revisions"), 200, Json);
        await ShouldFitAsync(
            "GET /orders/{id}/revisions/{version}", await server.Api.GetAsync(order + "/revisions/2"), 200, Json);
        await ShouldFitAsync(
            "GET /orders/{id}/revisions/{version}", await server.Api.GetAsync(order + "/revisions/99"), 404, Problem);
        await ShouldFitAsync("GET /changes", await server.Api.GetAsync("/changes?wait=5"), 200, Json);
        await ShouldFitAsync("GET /changes", await server.Api.GetAsync("/changes?after=nope"), 400, Problem);
    }

    [Fact]
    public async Task Real_refusals_fit_their_schema()
    {
        var young = "/orders/" + await server.Api.PlaceAsync(AnOrder.With("\"reference\": \"schema-2\""));
        var reader = await server.CallerAsync("schema", "orders:read");
        using var stranger = new Api(server.Address, key: null);
        await ShouldFitAsync("POST /orders", await server.Api.PostAsync("/orders", "{\"servicez\": 1}"), 400, Problem);
        await ShouldFitAsync("GET /orders", await server.Api.GetAsync("/orders?limit=0&x=1"), 400, Problem);
        await ShouldFitAsync("GET /orders", await stranger.GetAsync("/orders"), 401, Problem);
        await ShouldFitAsync("POST /orders", await reader.PostAsync("/orders", AnOrder.Least), 403, Problem);
        await ShouldFitAsync("GET /orders/{id}", await server.Api.GetAsync("/orders/nope"), 404, Problem);
        await ShouldFitAsync("PUT /orders/{id}", await server.Api.PutAsync(young, AnOrder.Least), 409, Problem);
        await ShouldFitAsync(
            "POST /orders", await server.Api.PostAsync("/orders", AnOrder.With("\"reference\": \"schema-2\"")),
            409, Problem);
        await ShouldFitAsync(
            "DELETE /orders/{id}", await server.Api.DeleteAsync(young, ("If-Match", "\"v9\"")), 412, Problem);
        await ShouldFitAsync(
            "POST /orders", await server.Api.PostAsync("/orders", "{}", ("Content-Type", "text/plain")), 415, Problem);
        await ShouldFitAsync(
            "POST /orders", await server.Api.PostAsync("/orders", AnOrder.Of("[\"none\", \"retired\"]")), 422, Problem);
    }

    [Fact]
    public async Task What_was_read_fits_the_schema_of_what_may_be_sent_back()
    {
        var checker = (await OpenApiDocument.BuildAsync()).Checker;
        var order = await server.PlaceOldAsync(AnOrder.With("\"customer\": {\"name\": \"Ada\"}"));
        var read = (await server.Api.GetAsync(order)).ShouldBe(200);
        checker.Check("OrderReplacement", read.Json).ShouldBeEmpty();
        (await server.Api.PutAsync(order, read.Text)).ShouldBe(200);
        var service = (await server.Api.GetAsync("/services/deep-clean")).ShouldBe(200);
        checker.Check("ServiceRequest", service.Json).ShouldBeEmpty();
        (await server.Api.PutAsync("/services/deep-clean", service.Text)).ShouldBe(200);
    }

    public static TheoryData<string> OrderBodies =>
    [
        AnOrder.Least, "{}", "[]", AnOrder.Of("[]"), AnOrder.Of(AnOrder.Lines(200)), AnOrder.Of(AnOrder.Lines(201)),
        AnOrder.Of("""[{"id": "deep-clean", "quantity": 1000000, "fee": 0, "name": "N"}]"""),
        AnOrder.Of("""[{"id": "deep-clean", "quantity": null, "fee": null, "name": null}]"""),
        AnOrder.Of("""[{"id": "deep-clean", "quantity": 0}]"""),
        AnOrder.Of("""[{"id": "deep-clean", "quantity": 1.5}]"""),
        AnOrder.Of("""[{"id": "deep-clean", "quantity": 2.0}]"""), AnOrder.Of("""[{"id": "deep-clean", "fee": -1}]"""),
        AnOrder.Of("""[{"quantity": 1}]"""), AnOrder.Of("""[{"id": "deep-clean", "name": ""}]"""),
        AnOrder.Of("""[{"id": "deep-clean", "size": 1}]"""), AnOrder.Of("[1]"), AnOrder.Of("[null]"),
        AnOrder.Of("\"deep-clean\""),
        AnOrder.At("null"), AnOrder.At("\"2026-11-23\""), AnOrder.At("\"2026-11-23T09:30:00\""),
        AnOrder.At("\"2026-11-23T09:30:00.123456789+01:00\""), AnOrder.At("17"),
        AnOrder.With("\"totalfee\": 0"), AnOrder.With("\"totalfee\": -0.01"), AnOrder.With("\"totalfee\": \"1\""),
        AnOrder.With("\"totalfee\": null"), AnOrder.With("\"totalfee\": 999999999999999"),
        AnOrder.With("\"totalfee\": 1000000000000000"),
        AnOrder.With("\"currency\": null"), AnOrder.With("\"currency\": \"usd\""),
        AnOrder.With("\"currency\": \"EURO\""),
        AnOrder.With("\"reference\": \"\""), AnOrder.With("\"reference\": null"), AnOrder.With("\"notes\": \"\""),
        AnOrder.With($"\"notes\": \"{new string('n', 4_001)}\""), AnOrder.With("\"notes\": 1"),
        AnOrder.With($"\"reference\": \"{new string('r', 101)}\""),
        AnOrder.With("\"customer\": null"), AnOrder.With("\"customer\": {}"), AnOrder.With("\"customer\": []"),
        AnOrder.With("""  "customer": {"name": null, "email": "a@b", "phone": "1"}  """),
        AnOrder.With("""  "customer": {"email": "ab"}  """), AnOrder.With("""  "customer": {"email": "a b@c"}  """),
        AnOrder.With("""  "customer": {"name": ""}  """), AnOrder.With("""  "customer": {"title": "Dr"}  """),
        AnOrder.With("\"metadata\": null"), AnOrder.With("\"metadata\": {}"),
        AnOrder.With("""  "metadata": {"": "x"}  """),
        AnOrder.With("""  "metadata": {"a": 1}  """), AnOrder.With("""  "metadata": {"a": null, "b": ""}  """),
        AnOrder.With($"\"metadata\": {{\"{new string('k', 65)}\": \"\"}}"),
        AnOrder.With($"\"metadata\": {{\"k\": \"{new string('v', 513)}\"}}"),
        AnOrder.With("\"servicez\": []"), AnOrder.With("\"id\": \"01a209de-90dc-7f55-a5a7-91d28fe76cf3\""),
        AnOrder.With("\"version\": 1"),
    ];

    [Theory]
    [MemberData(nameof(OrderBodies))]
    public async Task The_schema_takes_a_body_exactly_where_the_server_does(string body)
    {
        var faults = (await OpenApiDocument.BuildAsync()).Checker
            .Check("OrderRequest", JsonSerializer.Deserialize<JsonElement>(body));
        var reply = await server.Api.PostAsync("/orders", body);
        (reply.Status == 201).ShouldBe(faults.Count == 0, $"{string.Join("; ", faults)} — {reply.Text}");
    }

    [Theory]
    [InlineData("""{"name": "S"}""")]
    [InlineData("""{"name": "S", "fee": null, "description": null, "currency": "EUR", "active": false}""")]
    [InlineData("""{"name": ""}""")]
    [InlineData("""{"name": null}""")]
    [InlineData("""{"name": "S", "id": "s2"}""")]
    [InlineData("""{"name": "S", "active": "yes"}""")]
    [InlineData("""{"name": "S", "fee": -1}""")]
    [InlineData("""{"name": "S", "price": 1}""")]
    [InlineData("""{}""")]
    public async Task The_schema_takes_a_service_record_exactly_where_the_server_does(string body)
    {
        var faults = (await OpenApiDocument.BuildAsync()).Checker
            .Check("ServiceRequest", JsonSerializer.Deserialize<JsonElement>(body));
        var reply = await server.Api.PutAsync("/services/s2", body);
        (reply.Status is 200 or 201).ShouldBe(faults.Count == 0, $"{string.Join("; ", faults)} — {reply.Text}");
    }

    [Fact]
    public async Task The_server_takes_the_examples_of_bodies()
    {
        var examples = (await OpenApiDocument.BuildAsync()).Root.GetProperty("components").GetProperty("examples");
        string Body(string name) => examples.GetProperty(name).GetProperty("value").GetRawText();
        (await server.Api.PutAsync("/services/window-clean", Body("PutServiceFull"))).ShouldBe(201);
        var key = (await server.Api.PostAsync("/keys", Body("CreateKey"))).ShouldBe(201).Id;
        (await server.Api.PostAsync("/keys", Body("CreateKeyFull"))).ShouldBe(201);
        (await server.Api.PatchAsync("/keys/" + key, Body("PatchKey"))).ShouldBe(200);
        (await server.Api.PostAsync($"/keys/{key}/rotate", Body("RotateKey"))).ShouldBe(200);
        (await server.Api.PutAsync("/services/waste", Body("PutServiceShort"))).ShouldBe(201);
        (await server.Api.PatchAsync("/services/window-clean", Body("PatchService"))).ShouldBe(200);
        (await server.Api.PostAsync("/orders", Body("PlaceShort"))).ShouldBe(201);
        var order = await server.PlaceOldAsync(Body("PlaceFull"));
        (await server.Api.PatchAsync(order, Body("PatchOrder"))).ShouldBe(200);
        (await server.Api.PutAsync(order, Body("ReplaceContent"))).ShouldBe(200);
        (await server.Api.PostAsync(order + "/revert", Body("Revert"))).ShouldBe(200);
        (await server.Api.PostAsync(order + "/status", Body("Confirm"))).ShouldBe(200);
        (await server.Api.DeleteAsync(order)).ShouldBe(204);
        (await server.Api.PostAsync(order + "/restore", Body("Restore"))).ShouldBe(200);
    }

    [Fact]
    public async Task The_checker_finds_what_is_wrong()
    {
        var checker = (await OpenApiDocument.BuildAsync()).Checker;
        var order = (await server.Api.GetAsync("/orders/" + await server.Api.PlaceAsync())).Text;
        string[] wrong =
        [
            order.Replace("\"number\":", "\"nummer\":", StringComparison.Ordinal),
            order.Replace("\"placed\"", "\"lost\"", StringComparison.Ordinal),
            order.Replace("\"quantity\":1", "\"quantity\":0", StringComparison.Ordinal),
            order.Replace("Z\"", "\"", StringComparison.Ordinal),
            order.Replace("\"currency\":\"USD\"", "\"currency\":null", StringComparison.Ordinal),
        ];
        checker.Check("OrderView", JsonSerializer.Deserialize<JsonElement>(order)).ShouldBeEmpty();
        foreach (var text in wrong)
        {
            checker.Check("OrderView", JsonSerializer.Deserialize<JsonElement>(text)).ShouldNotBeEmpty(text);
        }
    }

    private static async Task ShouldFitAsync(string operation, Reply reply, int status, string mediaType)
    {
        reply.ShouldBe(status).Header("Content-Type").ShouldNotBeNull().Split(';')[0].ShouldBe(mediaType);
        (await OpenApiDocument.BuildAsync()).CheckAnswer(operation, status, mediaType, reply.Json)
            .ShouldBeEmpty($"{operation}: {reply.Text}");
    }
}
