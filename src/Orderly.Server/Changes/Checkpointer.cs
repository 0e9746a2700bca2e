using System.Security.Cryptography;
using System.Text;
using Npgsql;
using Orderly.Server.Configuration;
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
    public async Task RunAsync(NpgsqlConnection connection, int moved, CancellationToken stop)
    {
        _unsigned += moved;
        var isTime = _signedAt is null || _time.GetElapsedTime(_signedAt.Value) >= _settings.CheckpointEvery;
        if (isTime || _unsigned >= LeavesMax)
        {
            await SignAsync(connection, stop);
        }
    }

    /// <summary>Signs what is new now. False: another server has the lock.</summary>
    public async Task<bool> SignAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        if (_key is null || _isStopped)
        {
            return true;
        }

        _signedAt = _time.GetTimestamp();
        await using var transaction = await connection.BeginTransactionAsync(stop);
        if (!await FeedStore.TryLockAsync(connection, stop))
        {
            return false;
        }

        var newest = await CheckpointStore.FindNewestAsync(connection, stop);
        if (GoOnFrom(newest) is not { } tree)
        {
            Stop("the newest checkpoint was not made by this server's key");
            return true;
        }

        var before = tree.Size;
        if (!await CheckpointStore.AppendLeavesAsync(connection, tree, LeavesMax, stop))
        {
            Stop("an entry of the feed is missing");
            return true;
        }

        _unsigned = Math.Max(0, _unsigned - (tree.Size - before));
        if (tree.Size > before)
        {
            var note = _key.Sign(new Checkpoint(_key.Name, tree.Size, tree.Root()));
            await CheckpointStore.AddAsync(connection, note, tree, stop);
            await transaction.CommitAsync(stop);
            Keep(note);
            _signedAt = tree.Size - before == LeavesMax ? null : _signedAt; // there may be more
        }

        return true;
    }

    public void Dispose() => _key?.Dispose();

    /// <summary>The tree of the newest checkpoint, an empty one where there is none; null: it can't be trusted.</summary>
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
