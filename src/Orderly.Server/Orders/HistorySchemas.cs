using Microsoft.OpenApi;
using Orderly.Contract.Changes;
using Orderly.Contract.Orders;
using Orderly.Contract.Problems;
using Orderly.Server.Http;
using Orderly.Server.Http.Description;

namespace Orderly.Server.Orders;

/// <summary>What the schemas of an order's life and history say beyond their types.</summary>
internal static class HistorySchemas
{
    private const int ActorLengthMax = 200;
    private const int PathLengthMax = 200;
    private const int EventIdLengthMax = 50;
    private const int FieldsMax = 50;
    private const int FieldLengthMax = 100;

    public static void Describe(SchemaBook book)
    {
        var status = DescribeReason(book.Request(nameof(StatusRequest)));
        status["status"].Among(Order.StatusTexts);
        DescribeReason(book.Request(nameof(RestoreRequest)));
        var revert = DescribeReason(book.Request(nameof(RevertRequest)));
        revert["to"].Whole(1, int.MaxValue);
        DescribeReason(book.Request(nameof(EraseRequest)));
        DescribeRevisions(book);
        DescribeEvents(book);
        var problem = book.AnswerWithoutNulls(nameof(ProblemDocument));
        problem["nextStatuses"].Items(0, Order.StatusTexts.Length).Items = TextItem().Among(Order.StatusTexts);
        problem["changedFields"].Items(0, FieldsMax).Items = TextItem().Text(1, FieldLengthMax);
    }

    private static SchemaFields DescribeReason(SchemaFields request)
    {
        request["reason"].Text(1, ReasonText.LengthMax);
        request["version"].Whole(1, int.MaxValue);
        return request;
    }

    private static void DescribeRevisions(SchemaBook book)
    {
        var revision = book.AnswerBut(nameof(RevisionView), "order");
        revision["version"].Whole(1, int.MaxValue);
        revision["type"].Among(EventTypes.All);
        revision["actor"].Text(1, ActorLengthMax);
        revision["reason"].Text(1, ReasonText.LengthMax);
        revision["changes"].Items(0, int.MaxValue);
        revision.Put("order", book.Reference(nameof(OrderView)));
        var change = book.Answer(nameof(RevisionChange));
        change["path"].Text(1, PathLengthMax).Shape("^/");
        change.Put("from", SchemaBook.Any("The value before, of any type; null where there was none."));
        change.Put("to", SchemaBook.Any("The value after, of any type; null where there is none any more."));
        book.Drop(nameof(System.Text.Json.JsonElement));
        book.Page("PageOfRevisionView");
    }

    private static void DescribeEvents(SchemaBook book)
    {
        var change = book.Answer(nameof(OrderChange));
        change["specversion"].Among(["1.0"]);
        change["id"].Text(1, EventIdLengthMax);
        change["source"].Among(["/orders"]);
        change["type"].Among(EventTypes.All);
        change["subject"].Text(1, EventIdLengthMax).Format("uuid");
        change["datacontenttype"].Among([JsonBody.MediaType]);
        var data = book.Answer(nameof(OrderChangeData));
        data["version"].Whole(1, int.MaxValue);
        data["actor"].Text(1, ActorLengthMax);
        data["reason"].Text(1, ReasonText.LengthMax);
        data["changedFields"].Items(0, FieldsMax).Items = TextItem().Text(1, FieldLengthMax);
        book.Page(nameof(ChangePage), ReadFeed.PageSizeMax);
    }

    private static OpenApiSchema TextItem() => new() { Type = JsonSchemaType.String };
}
