using System.Globalization;
using Orderly.Server.Database;

namespace Orderly.Server.Changes;

/// <summary>
/// Checks the entries of the feed as they come, in order: dense positions, each leaf that of its entry and version,
/// and the tree over the leaves at every checkpoint the one that was signed.
/// </summary>
internal sealed class FeedCheck(
    Findings findings, LogFingerprint seen, CheckpointKey? key, IReadOnlyList<Checkpoint> kept)
{
    private const int Position = 0;
    private const int OrderId = 1;
    private const int Version = 2;
    private const int AppendedAt = 3;
    private const int RevisionHash = 4;
    private const int Leaf = 5;
    private const int Note = 6;
    private const int Frontier = 7;
    private const int LeafColumns = 5;

    private readonly Checkpoint[] _kept = [.. kept.OrderBy(checkpoint => checkpoint.Size)];
    private readonly MerkleFrontier _tree = new();
    private readonly LogHash _hasher = new();
    private readonly byte[] _computed = new byte[LogHash.LengthBytes];
    private int _nextKept;
    private long _agreedSize;

    public long Count { get; private set; }

    /// <summary>How many checkpoints in the database were found to be right, and how far the last of them reaches.</summary>
    public (long Count, long Size) Checkpoints { get; private set; }

    public long LastPosition { get; private set; }

    public void Add(CopyRows row)
    {
        Count++;
        var position = row.Int64(Position);
        if (position != LastPosition + 1)
        {
            findings.AddPosition(LastPosition + 1, string.Create(CultureInfo.InvariantCulture,
                $"missing: position {LastPosition} is followed by position {position}"));
        }

        LastPosition = position;
        seen.Add(row.Bytes(OrderId), row.Bytes(Version));
        CheckLeaf(row);
        _tree.Append(row.Bytes(Leaf));
        CheckKept();
        if (!row.IsNull(Note))
        {
            CheckCheckpoint(row);
        }
    }

    /// <summary>Checkpoints of a larger tree: the end of the log was cut off.</summary>
    public void Finish()
    {
        for (; _nextKept < _kept.Length; _nextKept++)
        {
            findings.AddPosition(_tree.Size + 1, string.Create(CultureInfo.InvariantCulture,
                $"missing: the log ends at {_tree.Size}, but a kept checkpoint has {_kept[_nextKept].Size} entries"));
        }
    }

    private void CheckLeaf(CopyRows row)
    {
        if (row.IsNull(RevisionHash))
        {
            findings.AddEntry(row.Int64(Position), row.Guid(OrderId), row.Int32(Version),
                "the log does not have this version");
            return;
        }

        _hasher.BeginLeaf(LeafColumns);
        _hasher.Add(PostgresType.Int8, row.Bytes(Position));
        _hasher.Add(PostgresType.Uuid, row.Bytes(OrderId));
        _hasher.Add(PostgresType.Int4, row.Bytes(Version));
        _hasher.Add(PostgresType.TimestampTz, row.Bytes(AppendedAt));
        _hasher.Add(PostgresType.Bytea, row.Bytes(RevisionHash));
        _hasher.Finish(_computed);
        if (!row.Bytes(Leaf).SequenceEqual(_computed))
        {
            findings.AddEntry(row.Int64(Position), row.Guid(OrderId), row.Int32(Version),
                "the leaf does not match the entry and the version's hash");
        }
    }

    private void CheckKept()
    {
        while (_nextKept < _kept.Length && _kept[_nextKept].Size <= _tree.Size)
        {
            CheckRoot(_kept[_nextKept++], "kept outside the database");
        }
    }

    private void CheckCheckpoint(CopyRows row)
    {
        var note = SignedNote.Parse(System.Text.Encoding.UTF8.GetString(row.Bytes(Note)));
        if (note is null || Checkpoint.Parse(note.Text) is not { } checkpoint)
        {
            findings.AddPosition(_tree.Size, "the checkpoint here can't be read");
            return;
        }

        if (Distrust(note, checkpoint) is { } reason)
        {
            findings.AddPosition(_tree.Size, reason);
            return;
        }

        if (CheckRoot(checkpoint, "in the database"))
        {
            Checkpoints = (Checkpoints.Count + 1, _tree.Size);
        }

        if (!row.Bytes(Frontier).SequenceEqual(_tree.ToBytes()))
        {
            findings.AddPosition(_tree.Size, "the frontier of the checkpoint here is not that of the leaves");
        }
    }

    private string? Distrust(SignedNote note, Checkpoint checkpoint) => key?.Verify(note) switch
    {
        _ when checkpoint.Size != LastPosition => "the checkpoint here was signed for another size",
        _ when key is not null && checkpoint.Origin != key.Name => "the checkpoint here is of another log",
        SignatureState.Bad => "the signature of the checkpoint here is wrong",
        SignatureState.OfAnotherKey => "the checkpoint here is not signed by the key",
        _ => null,
    };

    private bool CheckRoot(Checkpoint checkpoint, string where)
    {
        if (checkpoint.Size == _tree.Size && checkpoint.Root.AsSpan().SequenceEqual(_tree.Root()))
        {
            _agreedSize = Math.Max(_agreedSize, checkpoint.Size);
            return true;
        }

        findings.AddPosition(checkpoint.Size, string.Create(CultureInfo.InvariantCulture,
            $"positions {_agreedSize + 1} to {checkpoint.Size} are not what the checkpoint {where} was signed for"));
        return false;
    }
}
