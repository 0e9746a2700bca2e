using System.Globalization;
using System.Security.Cryptography;
using Npgsql;
using Orderly.Server.Changes;
using Orderly.Server.Configuration;
using Orderly.Server.Database;
using Orderly.Server.Privacy;

namespace Orderly.Server.Startup;

/// <summary>What <c>verify</c> takes beside settings.</summary>
/// <param name="Against">A file of checkpoints that were kept outside the database.</param>
/// <param name="PublicKey">A public key, or a file that holds one; null: that of the signing key's file.</param>
internal sealed record VerifyOptions(string? Against, string? PublicKey);

/// <summary>The commands <c>verify</c> and <c>checkpoint</c>.</summary>
internal static class VerifyLog
{
    private const int ReadBufferBytes = 256 * 1024;

    /// <summary>Verifies the log and tells what it finds. False: something is not as it was written.</summary>
    /// <exception cref="SettingsException">An option names something that can't be used.</exception>
    /// <exception cref="DatabaseStartException">The database can't be read.</exception>
    public static async Task<bool> RunAsync(
        AllSettings settings, VerifyOptions options, TextWriter output, TextWriter errors)
    {
        using var key = LoadKey(settings.Changes, options.PublicKey);
        if (key is null)
        {
            await errors.WriteLineAsync(
                $"There is no key {settings.Changes.SigningKeyFile}: signatures are not checked (--public-key).");
        }

        var against = options.Against is { } file ? LoadKept(file, key) : [];
        var (newest, fault) = LoadNewest(settings.Changes.NewestCheckpointFile, key);
        if (fault is not null)
        {
            await output.WriteLineAsync($"FINDING  {fault}");
        }

        await using var database = await DatabaseLocation.OpenForReadingAsync(
            settings.Server, TimeProvider.System, errors.WriteLine, CancellationToken.None);
        var verifier = new LogVerifier(key, [.. against, .. newest], TimeProvider.System,
            finding => output.WriteLine($"FINDING  {finding}"),
            (rows, elapsed) => errors.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{rows:N0} records, {rows / elapsed.TotalSeconds:N0} a second")),
            SaltedOpener(settings.Privacy));
        var summary = await ReadAsync(database, connection =>
        {
            using var snapshot = LogVerificationStore.BeginSnapshot(connection);
            return verifier.Run(connection);
        });
        await output.WriteLineAsync(Describe(summary, against.Count + newest.Count));
        return summary.Findings == 0 && fault is null;
    }

    /// <summary>Prints the newest signed checkpoint, to be kept outside. False: there is none yet.</summary>
    public static async Task<bool> PrintCheckpointAsync(AllSettings settings, TextWriter output, TextWriter errors)
    {
        await using var database = await DatabaseLocation.OpenForReadingAsync(
            settings.Server, TimeProvider.System, errors.WriteLine, CancellationToken.None);
        if (await ReadAsync(database, LogVerificationStore.FindNewestNote) is not { } note)
        {
            await errors.WriteLineAsync("Nothing has been signed yet.");
            return false;
        }

        await output.WriteAsync(note);
        using var key = LoadKey(settings.Changes, publicKey: null);
        await errors.WriteLineAsync($"Public key: {key?.PublicText ?? "not here"}");
        return true;
    }

    private static async Task<T> ReadAsync<T>(DatabaseLocation database, Func<DatabaseSession, T> read)
    {
        var text = new NpgsqlConnectionStringBuilder(database.ConnectionString)
        {
            Pooling = false,
            CommandTimeout = 0,
            ReadBufferSize = ReadBufferBytes,
            ApplicationName = "orderly-verify",
        };
        try
        {
            await using var connection = new NpgsqlConnection(text.ConnectionString);
            await connection.OpenAsync();
            await Migrator.RequireCurrentAsync(connection, CancellationToken.None);
            return read(connection);
        }
        catch (Exception exception) when (exception is NpgsqlException or EndOfStreamException)
        {
            throw new DatabaseStartException($"The log can't be read: {exception.Message}");
        }
    }

    /// <summary>What was in the clear once can be checked only with the keys; null where they are not here.</summary>
    internal static Func<Guid, byte[], WrappedKey, byte[]?>? SaltedOpener(PrivacySettings settings)
    {
        if (!File.Exists(settings.KeyFile))
        {
            return null;
        }

        var keys = new FileKeyProvider(settings);
        keys.Load();
        return (orderId, box, wrapped) =>
            keys.Unwrap(wrapped, orderId) is { } dataKey ? PersonalVault.OpenBox(dataKey, orderId, box) : null;
    }

    private static CheckpointKey? LoadKey(ChangeSettings settings, string? publicKey)
    {
        if (publicKey is not null && CheckpointKey.ParsePublic(publicKey) is { } given)
        {
            return given;
        }

        var path = publicKey ?? settings.SigningKeyFile;
        try
        {
            return publicKey is null && !File.Exists(path) ? null : CheckpointKey.Load(path);
        }
        catch (Exception exception) when (
            exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new SettingsException($"'{path}' can't be used as a key: {exception.Message}");
        }
    }

    private static List<Checkpoint> LoadKept(string path, CheckpointKey? key)
    {
        if (key is null)
        {
            throw new SettingsException("--against needs the key that signed: set --public-key.");
        }

        try
        {
            var notes = SignedNote.ParseAll(File.ReadAllText(path))
                ?? throw new SettingsException($"'{path}' is not a file of signed checkpoints.");
            return [.. notes.Select(note => Trust(note, key)
                ?? throw new SettingsException($"A checkpoint in '{path}' is not signed by {key.Name}."))];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"--against names a file that can't be read: {exception.Message}");
        }
    }

    /// <summary>The one that the server keeps beside its key. Where there is none, that is no fault.</summary>
    private static (List<Checkpoint> Newest, string? Fault) LoadNewest(string path, CheckpointKey? key)
    {
        if (key is null || !File.Exists(path))
        {
            return ([], null);
        }

        return SignedNote.Parse(File.ReadAllText(path)) is { } note && Trust(note, key) is { } checkpoint
            ? ([checkpoint], null)
            : ([], $"log: '{path}' is not a checkpoint signed by {key.Name}");
    }

    private static Checkpoint? Trust(SignedNote note, CheckpointKey key) =>
        key.Verify(note) == SignatureState.Good && Checkpoint.Parse(note.Text) is { } checkpoint
        && checkpoint.Origin == key.Name
            ? checkpoint
            : null;

    private static string Describe(VerificationSummary summary, int kept)
    {
        var seconds = summary.Elapsed.TotalSeconds;
        var result = summary.Findings == 0 ? "The log is as it was written" : $"{summary.Findings} findings";
        return string.Create(CultureInfo.InvariantCulture,
            $"{result}: {summary.Revisions:N0} revisions, {summary.Entries:N0} entries of the feed, ")
            + string.Create(CultureInfo.InvariantCulture,
                $"{summary.Checkpoints:N0} checkpoints up to {summary.CheckedSize:N0} and {kept} kept outside, ")
            + string.Create(CultureInfo.InvariantCulture,
                $"in {seconds:0.0} s ({summary.Revisions / seconds:N0} revisions a second).");
    }
}
