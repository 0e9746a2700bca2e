using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Orderly.Server.Access;
using Orderly.Server.Observability;

namespace Orderly.Server.Http.Description;

/// <summary>Adds to each operation what its address says of itself in metadata.</summary>
internal sealed class OperationDescriber(ExampleBook examples) : IOpenApiOperationTransformer
{
    private const int HeaderLengthMax = 4_096;

    /// <summary>Answers that are no JSON document, and what each is.</summary>
    private static readonly Dictionary<string, string> StreamsOf = new(StringComparer.Ordinal)
    {
        ["text/event-stream"] = "Server-sent events (WHATWG HTML, 9.2): each with `id`, `event` and, as `data`, one "
            + "event in JSON; comments as heartbeats.",
        [MetricsText.MediaType] = "The text format of Prometheus, or OpenMetrics where `Accept` asks for it.",
        [ListFormat.NdJson.MediaType] = "Every order as JSON on a line of its own.",
        [ListFormat.Csv.MediaType] = "RFC 4180 in UTF-8, with a header: a row for each service line, or with "
            + "`csv=orders` for each order. Text that a spreadsheet would take for a formula has a `'` before it.",
    };

    public Task TransformAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var document = context.Document!;
        DescribeSecurity(operation, metadata, document);
        DescribeParameters(operation, metadata, document);
        DescribeBody(operation, metadata, document);
        DescribeAnswers(operation, metadata, document);
        return Task.CompletedTask;
    }

    private static void DescribeSecurity(OpenApiOperation operation, IList<object> metadata, OpenApiDocument document)
    {
        if (metadata.OfType<OpenToAll>().FirstOrDefault() is { } open)
        {
            // The empty requirement: no key is needed. Without it the document's own would hold.
            operation.Security = open.ShowsMoreWithKey ? [[], .. KeySchemes.Required(document)] : [];
            operation.Responses!.Remove("401");
            operation.Responses.Remove("403");
            operation.Responses.Remove("429");
        }

        if (metadata.OfType<RequiredScope>().FirstOrDefault() is { } required)
        {
            operation.Description = $"{operation.Description} The key needs the scope `{required.Scope}`.".TrimStart();
        }
    }

    private static void DescribeParameters(OpenApiOperation operation, IList<object> metadata, OpenApiDocument document)
    {
        operation.Parameters ??= [];
        foreach (var path in metadata.OfType<TakesPath>())
        {
            var parameter = (OpenApiParameter)operation.Parameters.First(known => known.Name == path.Name);
            parameter.Description = path.Description;
            parameter.Example = JsonValue.Create(path.Example);
            parameter.Schema = new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Format = path.Format,
                Pattern = path.Pattern,
                MaxLength = path.LengthMax,
                Enum = path.Values.Count == 0
                    ? null
                    : [.. path.Values.Select(value => (JsonNode)JsonValue.Create(value))],
            };
        }

        foreach (var query in metadata.OfType<TakesParameter>())
        {
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = query.Name,
                In = ParameterLocation.Query,
                Description = query.Description,
                Schema = new OpenApiSchema
                {
                    Type = Enum.Parse<JsonSchemaType>(query.Type, ignoreCase: true),
                    Format = query.Format ?? (query.Type is "integer" ? "int32" : null),
                    Minimum = query.Minimum?.ToString(CultureInfo.InvariantCulture),
                    Maximum = query.Maximum?.ToString(CultureInfo.InvariantCulture),
                    Default = query.Default is { } value ? JsonValue.Create(value) : query.DefaultText,
                    MaxLength = query.IsExploded ? null : query.LengthMax,
                    Pattern = query.Pattern,
                    Enum = query.Values.Count == 0 ? null : [.. query.Values.Select(value => JsonValue.Create(value))],
                    AdditionalProperties = query.IsExploded
                        ? new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = query.LengthMax }
                        : null,
                },
            });
        }

        foreach (var header in metadata.OfType<TakesHeader>())
        {
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = header.Name,
                In = ParameterLocation.Header,
                Description = header.Description,
                Example = JsonValue.Create(header.Example),
                Schema = new OpenApiSchema
                {
                    Type = JsonSchemaType.String,
                    Pattern = header.Pattern,
                    MaxLength = HeaderLengthMax,
                },
            });
        }

        operation.Parameters.Add(new OpenApiParameterReference(SharedParts.RequestId, document));
    }

    private void DescribeBody(OpenApiOperation operation, IList<object> metadata, OpenApiDocument document)
    {
        if (operation.RequestBody is not OpenApiRequestBody body
            || metadata.OfType<TakesBody>().FirstOrDefault() is not { } taken)
        {
            return;
        }

        body.Required = !taken.IsOptional;
        foreach (var (mediaType, stream) in body.Content!)
        {
            if (StreamsOf.TryGetValue(mediaType, out var description))
            {
                ((OpenApiMediaType)stream).Schema =
                    new OpenApiSchema { Type = JsonSchemaType.String, Description = description };
            }
        }

        var content = (OpenApiMediaType)body.Content![taken.MediaType];
        content.Examples = examples.For(operation.OperationId!, ExampleBook.Request, document);
        if (taken.Schema is { } schema)
        {
            content.Schema = new OpenApiSchemaReference(schema, document);
        }
    }

    private void DescribeAnswers(OpenApiOperation operation, IList<object> metadata, OpenApiDocument document)
    {
        var answers = operation.Responses!;
        string[] shared = metadata.OfType<OpenToAll>().Any()
            ? [ProblemMiddleware.RequestIdHeader]
            : [ProblemMiddleware.RequestIdHeader, ApiKeyGate.PolicyHeader, ApiKeyGate.LimitHeader];
        foreach (var given in metadata.OfType<Gives>())
        {
            // The framework leaves out answers without content, as 304.
            var status = given.Status.ToString(CultureInfo.InvariantCulture);
            var answer = answers.GetValueOrDefault(status) as OpenApiResponse ?? new OpenApiResponse();
            answers[status] = answer;
            answer.Description = given.Meaning;
            answer.Headers = given.Headers.Concat(shared).ToDictionary(
                name => name,
                name => (IOpenApiHeader)new OpenApiHeaderReference(name, document),
                StringComparer.Ordinal);
        }

        // The HTTP server and the outermost layer can refuse anything, whatever its handler.
        string[] always = ["400", "500"];
        var sorted = answers.Keys.Union(always, StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        var described = new OpenApiResponses();
        foreach (var status in sorted)
        {
            described[status] = status[0] >= '4'
                ? new OpenApiResponseReference(SharedParts.Refusal(status), document)
                : AddExamples((OpenApiResponse)answers[status], operation.OperationId!, status, document);
        }

        operation.Responses = described;
    }

    private OpenApiResponse AddExamples(
        OpenApiResponse answer, string operationId, string status, OpenApiDocument document)
    {
        foreach (var (mediaType, content) in answer.Content?.AsEnumerable() ?? [])
        {
            if (StreamsOf.TryGetValue(mediaType, out var stream))
            {
                content.Schema = new OpenApiSchema { Type = JsonSchemaType.String, Description = stream };
                continue;
            }

            content.Examples = examples.For(operationId, status, document);
        }

        return answer;
    }
}
