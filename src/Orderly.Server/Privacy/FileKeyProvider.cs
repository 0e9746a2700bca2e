using System.Buffers.Binary;
using Orderly.Server.Configuration;

namespace Orderly.Server.Privacy;

/// <summary>
/// Key-encryption keys out of a file. A version that comes into the file while the service runs can open at once, and
/// becomes the current one once it is known not to be another server's (see <see cref="KeyRegister"/>).
/// </summary>
internal sealed class FileKeyProvider(PrivacySettings settings) : IKeyProvider
{
    private const int GuidLengthBytes = 16;
    private static readonly byte[] Purpose = "orderly data key"u8.ToArray();

    private volatile KeyFile? _file;
    private volatile int _current;

    public string Path => settings.KeyFile;

    public int CurrentVersion => _current > 0 ? _current : throw NotLoaded();

    public byte[] IndexSecret => (_file ?? throw NotLoaded()).IndexSecret;

    /// <summary>The file as it now is. Where it can't go on from what it was, that stays.</summary>
    /// <exception cref="SettingsException">It can't be used.</exception>
    public KeyFile Load() => Take(KeyFile.Load(Path));

    /// <summary>The file with new keys, where there is none yet.</summary>
    /// <exception cref="SettingsException">It can't be used.</exception>
    public KeyFile LoadOrCreate() => File.Exists(Path) ? Load() : Take(KeyFile.Create(Path));

    public void Use(int version) => _current = version;

    public ValueTask<WrappedKey> WrapAsync(byte[] dataKey, Guid orderId)
    {
        var version = CurrentVersion;
        var key = _file!.Find(version)!; // a version is used only once it was found
        return new(new WrappedKey(version, AuthenticatedCipher.Seal(key, dataKey, ContextOf(version, orderId))));
    }

    public ValueTask<byte[]?> UnwrapAsync(WrappedKey key, Guid orderId) => new(Unwrap(key, orderId));

    public byte[]? Unwrap(WrappedKey key, Guid orderId) => Find(key.Version) is { } found
        ? AuthenticatedCipher.Open(found, key.Bytes, ContextOf(key.Version, orderId))
        : null;

    /// <summary>Another server may have begun to use a version that this one has not read yet.</summary>
    private byte[]? Find(int version)
    {
        if ((_file ?? throw NotLoaded()).Find(version) is { } known)
        {
            return known;
        }

        try
        {
            return Load().Find(version);
        }
        catch (SettingsException)
        {
            return null; // the file is just being changed; whoever asks tells that it can't be read
        }
    }

    private KeyFile Take(KeyFile file)
    {
        if (_file is { } before && (!before.IndexSecret.AsSpan().SequenceEqual(file.IndexSecret)
            || file.Find(_current) is not { } current || !current.AsSpan().SequenceEqual(before.Find(_current))))
        {
            throw new SettingsException(
                $"Privacy:KeyFile: '{Path}' has lost the index secret or version {_current}, which are in use.");
        }

        return _file = file;
    }

    private static byte[] ContextOf(int version, Guid orderId)
    {
        var context = new byte[Purpose.Length + sizeof(int) + GuidLengthBytes];
        Purpose.CopyTo(context, 0);
        BinaryPrimitives.WriteInt32BigEndian(context.AsSpan(Purpose.Length), version);
        orderId.TryWriteBytes(context.AsSpan(Purpose.Length + sizeof(int)), bigEndian: true, out _);
        return context;
    }

    private static InvalidOperationException NotLoaded() => new("The keys of personal data are not loaded yet.");
}
