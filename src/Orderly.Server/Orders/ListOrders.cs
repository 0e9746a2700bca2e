using System.Buffers.Binary;
using Orderly.Contract.Problems;
using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>One page of orders and the cursor of the next.</summary>
internal sealed record OrderList(IReadOnlyList<StoredOrder> Orders, string? Next);

/// <summary>Lists orders, newest first, page by page, each page by key: the last is as cheap as the first.</summary>
internal sealed class ListOrders(OrderStore orders)
{
    public const int PageSizeMax = 500;
    public const int PageSizeDefault = 50;
    private const string CursorName = "orders|sort=-createdAt";
    private const int CursorKeyLength = 24;

    public async Task<Result<OrderList>> RunAsync(HttpRequest request, CancellationToken stop)
    {
        var query = QueryInput.Read(request, "limit", "cursor");
        var pageSize = query.WholeNumber("limit", 1, PageSizeMax, PageSizeDefault);
        var after = ReadCursor(query);
        if (query.ToProblem() is { } problem)
        {
            return problem;
        }

        // One more than asked for tells whether there is a next page.
        var found = await orders.ListNewestAsync(pageSize + 1, after, stop);
        if (found.Count <= pageSize)
        {
            return new OrderList(found, Next: null);
        }

        found.RemoveAt(pageSize);
        return new OrderList(found, MakeCursor(found[^1]));
    }

    private static string MakeCursor(StoredOrder last)
    {
        Span<byte> key = stackalloc byte[CursorKeyLength];
        BinaryPrimitives.WriteInt64BigEndian(key, last.CreatedAt.Ticks);
        last.Id.TryWriteBytes(key[8..], bigEndian: true, out _);
        return Cursor.Make(CursorName, key);
    }

    private static ListPosition? ReadCursor(QueryInput query)
    {
        if (query.Text("cursor") is not { } text)
        {
            return null;
        }

        if (Cursor.Read(CursorName, text) is not { Length: CursorKeyLength } key
            || BinaryPrimitives.ReadInt64BigEndian(key) is var ticks
                && (ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks))
        {
            query.Faults.AddParameter(ProblemCode.InvalidCursor, "cursor",
                "The cursor is not one that this list gave, or was made with another filter or sort.");
            return null;
        }

        return new ListPosition(
            new DateTime(ticks, DateTimeKind.Utc),
            new Guid(key.AsSpan(8), bigEndian: true));
    }
}
