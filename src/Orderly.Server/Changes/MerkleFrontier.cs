using System.Numerics;
using System.Security.Cryptography;

namespace Orderly.Server.Changes;

/// <summary>
/// The right edge of a Merkle tree that only grows (RFC 6962, section 2.1): the hashes of its complete subtrees,
/// largest first, one for each bit of its size. Enough to append to it and to know its root.
/// <code>
///   size 7 = 4 + 2 + 1      root = H(1, H(0..3), H(1, H(4..5), 6))
///       (0..3)  (4..5)  (6)
/// </code>
/// </summary>
internal sealed class MerkleFrontier
{
    private const byte NodePrefix = 1;
    private const int SubtreesMax = 64;

    private readonly byte[] _hashes = new byte[SubtreesMax * LogHash.LengthBytes];
    private int _count;

    public long Size { get; private set; }

    /// <summary>The frontier of a tree of this size, as <see cref="ToBytes"/> gave it; null: it is not one.</summary>
    public static MerkleFrontier? FromBytes(long size, ReadOnlySpan<byte> hashes)
    {
        if (size < 0 || hashes.Length != BitOperations.PopCount((ulong)size) * LogHash.LengthBytes)
        {
            return null;
        }

        var frontier = new MerkleFrontier { Size = size, _count = hashes.Length / LogHash.LengthBytes };
        hashes.CopyTo(frontier._hashes);
        return frontier;
    }

    public ReadOnlySpan<byte> ToBytes() => _hashes.AsSpan(0, _count * LogHash.LengthBytes);

    /// <summary>Appends the hash of a leaf: each pair of subtrees of one size becomes a subtree of twice the size.</summary>
    public void Append(ReadOnlySpan<byte> leaf)
    {
        leaf.CopyTo(Hash(_count++));
        for (var size = Size; (size & 1) == 1; size >>= 1)
        {
            _count--;
            Join(Hash(_count - 1), Hash(_count), Hash(_count - 1));
        }

        Size++;
    }

    /// <summary>The root of the tree; of an empty one the hash of nothing.</summary>
    public byte[] Root()
    {
        if (_count == 0)
        {
            return SHA256.HashData([]);
        }

        var root = Hash(_count - 1).ToArray();
        for (var i = _count - 2; i >= 0; i--)
        {
            Join(Hash(i), root, root);
        }

        return root;
    }

    private static void Join(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> node)
    {
        Span<byte> bytes = stackalloc byte[1 + (2 * LogHash.LengthBytes)];
        bytes[0] = NodePrefix;
        left.CopyTo(bytes[1..]);
        right.CopyTo(bytes[(1 + LogHash.LengthBytes)..]);
        SHA256.HashData(bytes, node);
    }

    private Span<byte> Hash(int index) => _hashes.AsSpan(index * LogHash.LengthBytes, LogHash.LengthBytes);
}
