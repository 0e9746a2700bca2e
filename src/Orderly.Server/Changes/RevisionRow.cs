using Orderly.Server.Database;

namespace Orderly.Server.Changes;

/// <summary>
/// The columns of a version as verification reads it: those of the canonical bytes first, in their order.
/// </summary>
internal static class RevisionRow
{
    public const int OrderId = 0;
    public const int Version = 5;
    public const int Kind = 7;
    public const int RecordedAt = 8;
    public const int Content = 14;
    public const int Commitment = 15;
    public const int Hash = 16;
    public const int Salt = 17;
    public const int Personal = 18;
    public const int OrderVersion = 19;
    public const int Differences = 20;
    public const int Datetime = 21;
    public const int TotalFee = 22;
    public const int Reference = 23;

    /// <summary>The order's data key, where the salt is encrypted with the data.</summary>
    public const int DataKey = 24;

    private const int FormatVersion = 1;

    /// <summary>The types of the columns that are hashed. Text is hashed as its bytes in UTF-8.</summary>
    private static readonly PostgresType[] HashedTypes =
    [
        PostgresType.Uuid, PostgresType.Int8, PostgresType.Bytea, PostgresType.TimestampTz, PostgresType.Bytea,
        PostgresType.Int4, PostgresType.Uuid, PostgresType.Bytea, PostgresType.TimestampTz, PostgresType.Bytea,
        PostgresType.Bytea, PostgresType.Bytea, PostgresType.Bool, PostgresType.Bool, PostgresType.Bytea,
        PostgresType.Bytea,
    ];

    /// <summary>Begins the hash of a version: what the canonical bytes of every version begin with.</summary>
    public static void BeginHash(LogHash hasher, ReadOnlySpan<byte> previous)
    {
        hasher.BeginRow(HashedTypes.Length + 2);
        hasher.Add(FormatVersion);
        hasher.Add(PostgresType.Bytea, previous);
    }

    /// <summary>The hash that the version must have, as <c>revision_hash</c> makes it.</summary>
    public static void ComputeHash(CopyRows row, LogHash hasher, ReadOnlySpan<byte> previous, Span<byte> hash)
    {
        BeginHash(hasher, previous);
        for (var i = 0; i < HashedTypes.Length; i++)
        {
            if (row.IsNull(i))
            {
                hasher.AddNull(HashedTypes[i]);
            }
            else
            {
                hasher.Add(HashedTypes[i], row.Bytes(i));
            }
        }

        hasher.Finish(hash);
    }
}
