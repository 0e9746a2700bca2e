using System.Buffers.Binary;

namespace Orderly.Server.Privacy;

/// <summary>A data key as it is stored: encrypted with a version of the key-encryption key.</summary>
internal sealed record WrappedKey(int Version, byte[] Bytes)
{
    /// <summary>Reads what <c>OrderKeyStore.OfOrder</c> selects: the version in four bytes, then the key.</summary>
    public static WrappedKey Read(byte[] column) =>
        new(BinaryPrimitives.ReadInt32BigEndian(column), column[sizeof(int)..]);
}

/// <summary>Personal data as it is stored.</summary>
/// <param name="Bytes">The format, and what <see cref="AuthenticatedCipher"/> made.</param>
/// <param name="Key">Null where the key is gone, but the data is not.</param>
internal sealed record SealedData(byte[] Bytes, WrappedKey? Key);

/// <summary>
/// customer and notes of an order: encrypted as they are stored, and in the clear once they were opened. Using them
/// before is a bug, and is never taken for an order without any.
/// </summary>
internal sealed class PersonalData
{
    public static readonly PersonalData None = new(stored: null, json: null, isOpen: true);

    private readonly byte[]? _json;
    private readonly bool _isOpen;

    private PersonalData(SealedData? stored, byte[]? json, bool isOpen)
    {
        Sealed = stored;
        _json = json;
        _isOpen = isOpen;
    }

    /// <summary>As it is stored; null where there is none, or it is yet to be sealed.</summary>
    public SealedData? Sealed { get; }

    /// <summary>Whether it was opened, and is not what was stored: somebody changed it, or the key.</summary>
    public bool IsUnreadable => _isOpen && _json is null && Sealed is not null;

    /// <summary>customer and notes as JSON; null where there is neither, or they can't be read.</summary>
    public byte[]? Json => _isOpen
        ? _json
        : throw new InvalidOperationException("Personal data was used before it was opened.");

    /// <summary>What a caller gave, to be sealed.</summary>
    public static PersonalData Given(byte[]? json) => json is null ? None : new(stored: null, json, isOpen: true);

    /// <summary>What the database has.</summary>
    public static PersonalData Stored(byte[]? bytes, byte[]? key) => bytes is null
        ? None
        : new(new SealedData(bytes, key is null ? null : WrappedKey.Read(key)), json: null, isOpen: false);

    public static PersonalData Opened(SealedData stored, byte[] json) => new(stored, json, isOpen: true);

    public static PersonalData Unreadable(SealedData stored) => new(stored, json: null, isOpen: true);
}
