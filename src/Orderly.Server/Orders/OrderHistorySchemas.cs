using Microsoft.OpenApi;
using Orderly.Contract.Changes;
using Orderly.Contract.Orders;
using Orderly.Contract.Problems;
using Orderly.Server.Database;
using Orderly.Server.Http;
using Orderly.Server.Http.Description;

namespace Orderly.Server.Orders;

/// <summary>What the schemas of an order's life and history say beyond their types.</summary>
internal static class OrderHistorySchemas
{
    private const int ActorLengthMax = 200;
    private const int PathLengthMax = 1_000;
    private const int FieldsMax = 20;

    /// <summary>An order has a bounded number of places that can differ.</summary>
    private const int ChangesMax = 2_000;

    public static void Describe(SchemaBook book)
    {
        string[] statuses = [.. Enum.GetValues<OrderStatus>().Select(status => status.ToText())];
        foreach (var name in (ReadOnlySpan<string>)[nameof(StatusRequest), nameof(RestoreRequest), nameof(RevertRequest)])
        {
            var body = book.Request(name);
            body["reason"].Text(1, ReasonInput.ReasonLengthMax);
            body["version"].Whole(1, int.MaxValue);
        }

        book.Request(nameof(StatusRequest))["status"].Among(statuses);
        book.Request(nameof(RevertRequest))["to"].Whole(1, int.MaxValue);
        DescribeRevision(book);
        DescribeChange(book);
        var problem = book.AnswerWithoutNulls(nameof(ProblemDocument));
        problem["nextStatuses"].Items(0, statuses.Length).Items = TextItem().Among(statuses);
        problem["changedFields"].Items(0, FieldsMax).Items = TextItem().Text(1, ActorLengthMax);
    }

    private static void DescribeRevision(SchemaBook book)
    {
        var change = book.Answer(nameof(RevisionChange));
        change["path"].Text(1, PathLengthMax).Shape("^/");
        change.Put("from", SchemaBook.Any("The value before, of any type; null where there was none."));
        change.Put("to", SchemaBook.Any("The value after, of any type; null where there is none any more."));
        book.Drop(nameof(System.Text.Json.JsonElement));
        var revision = book.Answer(nameof(RevisionView), "order");
        revision["version"].Whole(1, int.MaxValue);
        revision["type"].Among(EventTypes.All);
        revision["actor"].Text(1, ActorLengthMax);
        revision["reason"].Text(1, ReasonInput.ReasonLengthMax);
        revision["changes"].Items(0, ChangesMax);
        revision.Put("order", book.Reference(nameof(OrderView)));
        var page = book.Answer("PageOfRevisionView");
        page["data"].Items(0, ListOrders.PageSizeMax);
        page["next"].Text(1, Cursor.LengthMax).Shape(QueryInput.CursorParameter.Pattern!);
    }

    private static void DescribeChange(SchemaBook book)
    {
        var change = book.Answer(nameof(OrderChange));
        change["specversion"].Among(["1.0"]);
        change["id"].Text(1, ActorLengthMax);
        change["source"].Among(["/orders"]);
        change["type"].Among(EventTypes.All);
        change["subject"].Format("uuid");
        change["datacontenttype"].Among([JsonBody.MediaType]);
        var data = book.Answer(nameof(OrderChangeData));
        data["version"].Whole(1, int.MaxValue);
        data["actor"].Text(1, ActorLengthMax);
        data["reason"].Text(1, ReasonInput.ReasonLengthMax);
        data["changedFields"].Items(0, FieldsMax).Items = TextItem().Text(1, ActorLengthMax);
        var page = book.Answer(nameof(ChangePage));
        page["data"].Items(0, ReadFeed.PageSizeMax);
        page["next"].Text(1, Cursor.LengthMax).Shape(QueryInput.CursorParameter.Pattern!);
    }

    private static OpenApiSchema TextItem() => new() { Type = JsonSchemaType.String };
}
