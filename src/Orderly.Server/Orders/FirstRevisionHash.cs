using System.Buffers.Binary;
using System.Text;
using Orderly.Server.Changes;

namespace Orderly.Server.Orders;

/// <summary>
/// The hash of an order's first version, as <c>revision_hash</c> in <c>0002_verifiable_log.sql</c> makes it of the row.
/// The verification, which has it from the row alone, finds any difference.
/// </summary>
internal sealed class FirstRevisionHash
{
    private static readonly DateTime Epoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly LogHash _hasher = new();
    private readonly byte[] _fixed = new byte[16];

    /// <summary>What stands for personal data: that it was this, and nothing of it.</summary>
    public byte[] Commit(byte[] salt, byte[] personal)
    {
        _hasher.Begin();
        _hasher.AddBytes(salt);
        _hasher.AddBytes(personal);
        return Finish();
    }

    public byte[] Of(OrderWrite write, long number, DateTime at, byte[]? commitment)
    {
        RevisionRow.BeginHash(_hasher, LogHash.BeforeFirst);
        Add(write.OrderId);
        Add(PostgresType.Int8, number);
        Add(write.Team);
        Add(at);
        Add(write.Actor);
        _hasher.Add(1);
        Add(write.WriteId);
        Add(write.Kind.ToText());
        Add(at);
        Add(write.Actor);
        Add(write.Reason);
        Add(write.Status.ToText());
        Add(write.IsDeleted);
        Add(write.Content.IsTotalFeeStated);
        _hasher.Add(PostgresType.Bytea, write.ContentJson);
        _hasher.AddOrNull(PostgresType.Bytea, commitment);
        return Finish();
    }

    private byte[] Finish()
    {
        var hash = new byte[LogHash.LengthBytes];
        _hasher.Finish(hash);
        return hash;
    }

    private void Add(Guid id)
    {
        _ = id.TryWriteBytes(_fixed, bigEndian: true, out _); // there is room for it
        _hasher.Add(PostgresType.Uuid, _fixed);
    }

    private void Add(DateTime at) =>
        Add(PostgresType.TimestampTz, (at.Ticks - Epoch.Ticks) / TimeSpan.TicksPerMicrosecond);

    private void Add(PostgresType type, long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(_fixed, value);
        _hasher.Add(type, _fixed.AsSpan(0, sizeof(long)));
    }

    private void Add(bool value) => _hasher.Add(PostgresType.Bool, [value ? (byte)1 : (byte)0]);

    private void Add(string? text) =>
        _hasher.AddOrNull(PostgresType.Bytea, text is null ? null : Encoding.UTF8.GetBytes(text));
}
