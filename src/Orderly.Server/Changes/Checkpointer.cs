using System.Security.Cryptography;
using System.Text;
using Orderly.Server.Configuration;
using Orderly.Server.Database;
using Orderly.Server.Observability;

namespace Orderly.Server.Changes;

/// <summary>
/// Signs, now and then, what the tree over the feed is. Goes on from the newest checkpoint only if its own key signed
/// that one, so that whoever can write the database alone can't have another history signed.
/// </summary>
internal sealed class Checkpointer : IDisposable
{
    public const int LeavesMax = 10_000;

    private readonly ChangeSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger<Checkpointer> _log;
    private readonly CheckpointKey? _key;
    private long _unsigned;
    private long? _signedAt;
    private bool _isStopped;

    public Checkpointer(ChangeSettings settings, TimeProvider time, ILogger<Checkpointer> log)
    {
        _settings = settings;
        _time = time;
        _log = log;
        try
        {
            _key = CheckpointKey.LoadOrCreate(settings.SigningKeyFile);
        }
        catch (Exception exception) when (
            exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            LogEvents.CheckpointKeyUnusable(log, exception.Message);
        }
    }

    /// <summary>Signs if it is time. The sequencer calls this after each of its moves, which it tells.</summary>
    public async Task RunAsync(DatabaseSession session, int moved, CancellationToken stop)
    {
        _unsigned += moved;
        var isTime = _signedAt is null || _time.GetElapsedTime(_signedAt.Value) >= _settings.CheckpointEvery;
        if (isTime || _unsigned >= LeavesMax)
        {
            await SignAsync(session, stop);
        }
    }

    /// <summary>Signs what is new now. False: another server has the lock.</summary>
    public async Task<bool> SignAsync(DatabaseSession session, CancellationToken stop)
    {
        if (_key is null || _isStopped)
        {
            return true;
        }

        _signedAt = _time.GetTimestamp();
        SignedNote? signed = null;
        var isLocked = false;
        await session.InTransactionAsync(
            async () =>
            {
                isLocked = await FeedStore.TryLockAsync(session, stop);
                signed = isLocked ? await SignNewAsync(session, stop) : null;
                return signed is not null;
            },
            stop);
        if (signed is not null)
        {
            Meters.Checkpoints.Add(1);
            Keep(signed);
        }

        return isLocked;
    }

    /// <summary>The checkpoint of what is new, stored; null: there is nothing new, or nothing to go on from.</summary>
    private async Task<SignedNote?> SignNewAsync(DatabaseSession session, CancellationToken stop)
    {
        if (GoOnFrom(await CheckpointStore.FindNewestAsync(session, stop)) is not { } tree)
        {
            Stop("the newest checkpoint was not made by this server's key");
            return null;
        }

        var before = tree.Size;
        if (!await CheckpointStore.AppendLeavesAsync(session, tree, LeavesMax, stop))
        {
            Stop("an entry of the feed is missing");
            return null;
        }

        _unsigned = Math.Max(0, _unsigned - (tree.Size - before));
        if (tree.Size == before)
        {
            return null;
        }

        var note = _key!.Sign(new Checkpoint(_key.Name, tree.Size, tree.Root()));
        await CheckpointStore.AddAsync(session, note, tree, stop);
        _signedAt = tree.Size - before == LeavesMax ? null : _signedAt; // there may be more
        return note;
    }

    public void Dispose() => _key?.Dispose();

    /// <summary>
    /// The tree of the newest checkpoint, an empty one where there is none; null: it can't be trusted.
    /// </summary>
    private MerkleFrontier? GoOnFrom(StoredCheckpoint? newest)
    {
        if (newest is null)
        {
            return new MerkleFrontier();
        }

        return SignedNote.Parse(newest.Note) is { } note && _key!.Verify(note) == SignatureState.Good
            && Checkpoint.Parse(note.Text) is { } checkpoint && checkpoint.Size == newest.Size
            && MerkleFrontier.FromBytes(newest.Size, newest.Frontier) is { } tree
            && tree.Root().AsSpan().SequenceEqual(checkpoint.Root)
                ? tree
                : null;
    }

    private void Stop(string reason)
    {
        _isStopped = true;
        Meters.CheckpointsStopped.Record(1);
        LogEvents.CheckpointsStopped(_log, reason);
    }

    /// <summary>The newest one outside the database, complete or as it was.</summary>
    private void Keep(SignedNote note)
    {
        try
        {
            var path = _settings.NewestCheckpointFile;
            File.WriteAllText(path + ".new", note.ToString(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            File.Move(path + ".new", path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogEvents.CheckpointNotKept(_log, exception.Message);
        }
    }
}
