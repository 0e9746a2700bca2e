using System.Buffers.Binary;
using Orderly.Server.Database;

namespace Orderly.Server.Orders;

/// <summary>A position in the feed as callers see it: opaque, and recognised when it was cut or mistyped.</summary>
internal static class FeedToken
{
    private const string Name = "changes";

    public static string Make(long position)
    {
        Span<byte> key = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(key, position);
        return Cursor.Make(Name, key);
    }

    public static long? Read(string token) =>
        Cursor.Read(Name, token) is { Length: sizeof(long) } key ? BinaryPrimitives.ReadInt64BigEndian(key) : null;
}
