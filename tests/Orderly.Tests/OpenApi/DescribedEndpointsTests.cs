using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Http;
using Orderly.Tests.Harness;

namespace Orderly.Tests.OpenApi;

/// <summary>Every address of the server stands in the document, with all that it can answer.</summary>
public sealed class DescribedEndpointsTests(RunningServer server) : IClassFixture<RunningServer>
{
    /// <summary>About the API rather than of it, and so left out on purpose.</summary>
    private static readonly string[] LeftOut = ["GET /openapi/", "GET /docs/"];

    [Fact]
    public async Task Every_endpoint_is_described_and_nothing_else()
    {
        var described = (await OpenApiDocument.BuildAsync()).Operations.Keys;
        Endpoints().Keys.Where(name => !LeftOut.Any(name.StartsWith)).Order(StringComparer.Ordinal)
            .ShouldBe(described.Order(StringComparer.Ordinal));
    }

    /// <summary>RFC 9110, 9.1: whatever has GET has HEAD.</summary>
    [Fact]
    public async Task Whatever_can_be_read_takes_HEAD()
    {
        var heads = server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods
                .Any(HttpMethods.IsHead))
            .Select(endpoint => $"GET /{endpoint.RoutePattern.RawText!.Trim('/')}").ToList();
        foreach (var read in (await OpenApiDocument.BuildAsync()).Operations.Keys.Where(name => name.StartsWith("GET")))
        {
            heads.ShouldContain(read);
        }

        foreach (var path in (string[])["/health/live", "/health/ready", "/problems", "/metrics", "/changes"])
        {
            (await server.Api.HeadAsync(path)).ShouldBe(200).Body.ShouldBeEmpty();
        }

        (await server.Api.HeadAsync("/changes", ("Accept", "text/event-stream"))).ShouldBe(200)
            .Header("Content-Type").ShouldBe("text/event-stream");
    }

    [Fact]
    public async Task Every_operation_has_an_id_of_its_own_a_summary_a_description_and_a_tag()
    {
        var operations = (await OpenApiDocument.BuildAsync()).Operations;
        operations.Values.Select(operation => operation.GetProperty("operationId").GetString()!)
            .ShouldBeUnique();
        foreach (var (name, operation) in operations)
        {
            foreach (var text in (string[])["operationId", "summary", "description"])
            {
                operation.GetProperty(text).GetString().ShouldNotBeNullOrWhiteSpace($"{name} {text}");
            }

            operation.GetProperty("tags").GetArrayLength().ShouldBe(1, name);
        }
    }

    [Fact]
    public async Task Every_status_that_an_endpoint_can_give_is_described()
    {
        var document = await OpenApiDocument.BuildAsync();
        foreach (var (name, operation) in document.Operations)
        {
            var endpoint = Endpoints()[name];
            var isOpen = endpoint.Metadata.GetMetadata<OpenToAll>() is not null;
            var expected = endpoint.Metadata.OfType<IProducesResponseTypeMetadata>().Select(given => given.StatusCode)
                .Where(status => !isOpen || status is not (401 or 403 or 429))
                .Union([400, 500]).Order();
            operation.GetProperty("responses").EnumerateObject()
                .Select(answer => int.Parse(answer.Name, CultureInfo.InvariantCulture)).ShouldBe(expected, name);
        }
    }

    [Fact]
    public async Task Every_body_and_every_answer_with_JSON_has_an_example_that_fits_its_schema()
    {
        var document = await OpenApiDocument.BuildAsync();
        foreach (var (name, operation) in document.Operations)
        {
            var places = operation.GetProperty("responses").EnumerateObject()
                .Select(answer => (Name: $"{name} {answer.Name}", Value: document.Resolve(answer.Value))).ToList();
            if (operation.TryGetProperty("requestBody", out var body))
            {
                var isRequired = body.TryGetProperty("required", out var required) && required.GetBoolean();
                isRequired.ShouldBe(!name.EndsWith("/restore", StringComparison.Ordinal)
                    && !name.EndsWith("/rotate", StringComparison.Ordinal), name);
                places.Add(($"{name} body", body));
            }

            foreach (var place in places)
            {
                CheckExamples(document, place.Name, place.Value);
            }
        }
    }

    [Fact]
    public async Task Examples_of_problems_say_what_the_table_of_problems_says()
    {
        var document = await OpenApiDocument.BuildAsync();
        var problems = document.Root.GetProperty("components").GetProperty("examples").EnumerateObject()
            .Select(example => example.Value.GetProperty("value"))
            .Where(value => value.TryGetProperty("traceId", out _)).ToList();
        problems.ShouldNotBeEmpty();
        foreach (var problem in problems)
        {
            var kind = ProblemTable.Of(ProblemCodes.Parse(problem.GetProperty("code").GetString()!).ShouldNotBeNull());
            problem.GetProperty("title").GetString().ShouldBe(kind.Title);
            problem.GetProperty("status").GetInt32().ShouldBe(kind.Status);
        }
    }

    [Fact]
    public async Task Only_what_is_open_to_all_needs_no_key()
    {
        var document = await OpenApiDocument.BuildAsync();
        document.Root.GetProperty("security").GetArrayLength().ShouldBe(2);
        foreach (var (name, operation) in document.Operations)
        {
            operation.TryGetProperty("security", out _)
                .ShouldBe(Endpoints()[name].Metadata.GetMetadata<OpenToAll>() is not null, name);
        }
    }

    private static void CheckExamples(OpenApiDocument document, string place, JsonElement described)
    {
        if (!described.TryGetProperty("content", out var contents))
        {
            return;
        }

        string[] withoutSchema = ["text/html", "text/event-stream", "application/x-ndjson", "text/csv", "text/plain"];
        foreach (var content in contents.EnumerateObject().Where(content => !withoutSchema.Contains(content.Name)))
        {
            content.Value.TryGetProperty("examples", out var examples).ShouldBeTrue($"{place} has no example");
            foreach (var example in examples.EnumerateObject())
            {
                document.Checker.Check(
                    content.Value.GetProperty("schema"), document.Resolve(example.Value).GetProperty("value"))
                    .ShouldBeEmpty($"{place} {example.Name}");
            }
        }
    }

    /// <summary>HEAD goes with GET and is not described apart.</summary>
    private Dictionary<string, RouteEndpoint> Endpoints() =>
        server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods
                .Where(method => !HttpMethods.IsHead(method))
                .Select(method => ($"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}", endpoint)))
            .DistinctBy(pair => pair.Item1)
            .ToDictionary(StringComparer.Ordinal);
}
