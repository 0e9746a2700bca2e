using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Orderly.Contract.Orders;
using Orderly.Server.Http;
using Orderly.Server.Http.Description;
using Orderly.Server.Services;

namespace Orderly.Server.Orders;

/// <summary>What the schemas of orders say beyond their types: the limits of <see cref="OrderInput"/>.</summary>
internal static class OrderSchemas
{
    /// <summary>The body of PUT: a request that may also send back what was read.</summary>
    public const string Replacement = "OrderReplacement";
    private const string CustomerInput = "CustomerRequest";
    private const int TextLengthMax = 200;

    private static readonly string[] ReadOnlyFields =
    [
        "id", "number", "status", "nextStatuses", "adjustment", "team", "version", "createdAt", "createdBy",
        "updatedAt", "updatedBy", "updatableFrom",
    ];

    public static void Describe(SchemaBook book)
    {
        // Before the answer's fields become required.
        var customer = book.RequestFrom(nameof(Customer), CustomerInput,
            "Who the order is for. Personal data. A field that is left out or null is empty.");
        DescribeCustomer(customer);
        var order = DescribeAnswers(book);
        DescribeLine(book.Request(nameof(ServiceLineRequest)));
        var request = book.Request(nameof(OrderRequest));
        DescribeContent(request, book);
        var replacement = book.RequestFrom(nameof(OrderRequest), Replacement,
            "The whole new content of an order. What was read may be sent back whole: read-only fields must then be as "
            + "they are stored, and version acts as If-Match.");
        replacement.TakeBack(order, ReadOnlyFields);
        var patch = book.Request(nameof(OrderPatch));
        DescribeContent(patch, book);
        patch["datetime"].NotNull();
        patch["services"].NotNull();
        patch.TakeBack(order, ReadOnlyFields);
    }

    private static SchemaFields DescribeAnswers(SchemaBook book)
    {
        var order = book.AnswerBut(nameof(OrderView), "deletedAt");
        order["number"].Whole(0, long.MaxValue);
        order["status"].Among(Order.StatusTexts);
        order["nextStatuses"].Items(0, Order.StatusTexts.Length).Items = StatusItem(Order.StatusTexts);
        order["totalfee"].Money();
        order["currency"].Currency();
        order["services"].Items(1, OrderInput.ServicesMax);
        order["adjustment"].Money(mayBeNegative: true);
        order["reference"].Text(1, OrderInput.ReferenceLengthMax);
        order.Put("customer",
            book.ReferenceOrNull(nameof(Customer), "Who the order is for; null where nobody is named."));
        order["notes"].Text(0, OrderInput.NotesLengthMax);
        DescribeMetadata(order["metadata"], mayBeNull: false);
        order["version"].Whole(1, int.MaxValue);
        foreach (var actor in (ReadOnlySpan<string>)["team", "createdBy", "updatedBy"])
        {
            order[actor].Text(1, TextLengthMax);
        }

        DescribeLine(book.Answer(nameof(ServiceLineView)));
        DescribeCustomer(book.Answer(nameof(Customer)));
        order["deletedAt"].NotNull();
        book.CountedPage("CountedPageOfOrderView");
        return order;
    }

    /// <summary>What POST, PUT and PATCH have in common.</summary>
    private static void DescribeContent(SchemaFields order, SchemaBook book)
    {
        order["services"].Items(1, OrderInput.ServicesMax).Items = new OpenApiSchema
        {
            Description = "A service line; just the id of its service record means quantity 1.",
            OneOf = [ServiceSchemas.Id("The id of a service record."), book.Reference(nameof(ServiceLineRequest))],
        };
        order["totalfee"].Money();
        order["currency"].Currency();
        order["reference"].Text(1, OrderInput.ReferenceLengthMax);
        order.Put("customer", book.ReferenceOrNull(CustomerInput, "Who the order is for."));
        order["notes"].Text(0, OrderInput.NotesLengthMax);
        DescribeMetadata(order["metadata"], mayBeNull: true);
    }

    private static void DescribeLine(SchemaFields line)
    {
        line["id"].Text(1, ServiceInput.IdLengthMax).Shape(ServiceInput.IdPattern);
        line["name"].Text(1, OrderInput.NameLengthMax);
        line["quantity"].Whole(1, OrderInput.QuantityMax);
        line["fee"].Money();
        if (line["quantity"].Type?.HasFlag(JsonSchemaType.Null) == true)
        {
            line["quantity"].Default(JsonValue.Create(1));
        }
    }

    private static void DescribeCustomer(SchemaFields customer)
    {
        customer["name"].Text(1, OrderInput.NameLengthMax);
        customer["email"].Text(1, OrderInput.EmailLengthMax).Format("idn-email").Shape("^[^@\\s]+@[^@\\s]+$");
        customer["phone"].Text(1, OrderInput.PhoneLengthMax);
    }

    private static void DescribeMetadata(OpenApiSchema metadata, bool mayBeNull)
    {
        metadata.MaxProperties = OrderInput.MetadataPairsMax;
        metadata.PropertyNames = new OpenApiSchema { MinLength = 1, MaxLength = OrderInput.MetadataKeyLengthMax };
        metadata.AdditionalProperties = new OpenApiSchema
        {
            Type = mayBeNull ? JsonSchemaType.String | JsonSchemaType.Null : JsonSchemaType.String,
            MaxLength = OrderInput.MetadataValueLengthMax,
        };
    }

    private static OpenApiSchema StatusItem(string[] statuses) =>
        new OpenApiSchema { Type = JsonSchemaType.String }.Among(statuses);
}
