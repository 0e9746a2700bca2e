using Orderly.Contract.Changes;
using Orderly.Contract.Orders;
using Orderly.Server.Http;
using Orderly.Server.Http.Description;

namespace Orderly.Server.Orders;

/// <summary>What the schemas of an order's life and history say beyond their types.</summary>
internal static class HistorySchemas
{
    private const int ActorLengthMax = 200;
    private const int PathLengthMax = 200;
    private const int EventIdLengthMax = 50;

    public static void Describe(SchemaBook book)
    {
        string[] statuses = [.. Enum.GetValues<OrderStatus>().Select(status => status.ToText())];
        var status = DescribeReason(book.Request(nameof(StatusRequest)));
        status["status"].Among(statuses);
        DescribeReason(book.Request(nameof(RestoreRequest)));
        var revert = DescribeReason(book.Request(nameof(RevertRequest)));
        revert["to"].Whole(1, int.MaxValue);
        DescribeRevisions(book);
        DescribeEvents(book);
    }

    private static SchemaFields DescribeReason(SchemaFields request)
    {
        request["reason"].Text(1, ReasonInput.ReasonLengthMax);
        request["version"].Whole(1, int.MaxValue);
        return request;
    }

    private static void DescribeRevisions(SchemaBook book)
    {
        var revision = book.AnswerBut(nameof(RevisionView), "order");
        revision["version"].Whole(1, int.MaxValue);
        revision["type"].Among(EventTypes.All);
        revision["actor"].Text(1, ActorLengthMax);
        revision["reason"].Text(1, ReasonInput.ReasonLengthMax);
        revision["changes"].Items(0, int.MaxValue);
        revision.Put("order", book.Reference(nameof(OrderView)));
        book.Answer(nameof(RevisionChange))["path"].Text(1, PathLengthMax);
        var page = book.Answer("PageOfRevisionView");
        page["data"].Items(0, ListOrders.PageSizeMax);
        page["next"].Text(1, Database.Cursor.LengthMax).Shape(QueryInput.CursorParameter.Pattern!);
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
        data["reason"].Text(1, ReasonInput.ReasonLengthMax);
        data["changedFields"].Items(0, ActorLengthMax).Items = new Microsoft.OpenApi.OpenApiSchema
        {
            Type = Microsoft.OpenApi.JsonSchemaType.String, MaxLength = ActorLengthMax,
        };
        var page = book.Answer(nameof(ChangePage));
        page["data"].Items(0, ReadFeed.PageSizeMax);
        page["next"].Text(1, Database.Cursor.LengthMax).Shape(QueryInput.CursorParameter.Pattern!);
    }
}
