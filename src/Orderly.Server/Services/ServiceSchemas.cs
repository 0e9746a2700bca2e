using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Orderly.Contract.Services;
using Orderly.Server.Http;
using Orderly.Server.Http.Description;

namespace Orderly.Server.Services;

/// <summary>
/// What the schemas of service records say beyond their types: the limits of <see cref="ServiceInput"/>.
/// </summary>
internal static class ServiceSchemas
{
    private static readonly string[] ReadOnlyFields = ["id", "version", "createdAt", "updatedAt"];

    public static void Describe(SchemaBook book)
    {
        var service = book.Answer(nameof(ServiceView));
        service["id"].Text(1, ServiceInput.IdLengthMax).Shape(ServiceInput.IdPattern);
        service["version"].Whole(1, int.MaxValue);
        DescribeContent(service);

        var request = book.Request(nameof(ServiceRequest));
        DescribeContent(request);
        request["active"].Default(JsonValue.Create(value: true));
        request.TakeBack(service, ReadOnlyFields);
        var patch = book.Request(nameof(ServicePatch));
        DescribeContent(patch);
        patch["name"].NotNull();
        patch.TakeBack(service, ReadOnlyFields);

        book.CountedPage("CountedPageOfServiceView");
    }

    /// <summary>The id of a service record.</summary>
    public static OpenApiSchema Id(string description) =>
        new OpenApiSchema { Type = JsonSchemaType.String, Description = description }
            .Text(1, ServiceInput.IdLengthMax).Shape(ServiceInput.IdPattern);

    private static void DescribeContent(SchemaFields service)
    {
        service["name"].Text(1, ServiceInput.NameLengthMax);
        service["description"].Text(0, ServiceInput.DescriptionLengthMax);
        service["fee"].Money();
        service["currency"].Currency();
    }
}
