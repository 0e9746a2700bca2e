using System.Security.Cryptography;
using Orderly.Server.Observability;

namespace Orderly.Server.Privacy;

/// <summary>
/// Encrypts personal data and opens it again. Each order has a data key of its own; a box is bound to its order and to
/// what it is, so that one that was moved elsewhere does not open.
/// <code>
///   key-encryption key (key file) ──wraps──► data key (order_keys) ──encrypts──► personal (orders, revisions)
/// </code>
/// </summary>
internal sealed class PersonalVault(
    IKeyProvider keys, DataKeyCache cache, OrderKeyStore store, ILogger<PersonalVault> log)
{
    public const byte Format = 1;

    /// <summary>What was stored in the clear once: the salt of its commitment stands before the data.</summary>
    public const byte FormatWithSalt = 2;

    /// <summary>As the log of changes makes them.</summary>
    public const int SaltLengthBytes = 16;

    private const byte CustomerAndNotes = 1;
    private const int GuidLengthBytes = 16;

    /// <summary>Opens what the database has. What can't be opened is told in the log, and is unreadable.</summary>
    public async ValueTask<PersonalData> OpenAsync(Guid orderId, PersonalData data)
    {
        if (data.Sealed is not { } stored)
        {
            return data;
        }

        if (stored.Key is { } wrapped && await UnwrapAsync(orderId, wrapped) is { } dataKey
            && Open(dataKey, orderId, stored.Bytes) is { } json)
        {
            return PersonalData.Opened(stored, json);
        }

        Meters.PersonalDataUnreadable.Add(1);
        LogEvents.PersonalDataUnreadable(log, orderId);
        return PersonalData.Unreadable(stored);
    }

    /// <summary>Encrypts for an order.</summary>
    /// <param name="orderId">The order.</param>
    /// <param name="json">customer and notes.</param>
    /// <param name="known">The order's data key, where it is known.</param>
    /// <param name="isNew">Whether the order is not there yet, and so has no data key.</param>
    /// <returns>What is to be stored, and whether the data key in it is new and has to be stored, too.</returns>
    public async ValueTask<(PersonalData Data, WrappedKey? NewKey)> SealAsync(
        Guid orderId, byte[] json, WrappedKey? known, bool isNew)
    {
        var wrapped = known ?? (isNew ? null : await store.FindAsync(orderId));
        var isNewKey = wrapped is null;
        byte[] dataKey;
        if (wrapped is null)
        {
            (dataKey, wrapped) = await NewKeyAsync(orderId);
        }
        else
        {
            dataKey = await UnwrapAsync(orderId, wrapped) ?? throw new UnreadableKeyException(orderId);
        }

        var data = PersonalData.Opened(new SealedData(Seal(dataKey, orderId, Format, json), wrapped), json);
        return (data, isNewKey ? wrapped : null);
    }

    /// <summary>A data key for an order, in the clear and wrapped.</summary>
    public async ValueTask<(byte[] DataKey, WrappedKey Wrapped)> NewKeyAsync(Guid orderId)
    {
        var dataKey = RandomNumberGenerator.GetBytes(AuthenticatedCipher.KeyLengthBytes);
        return (dataKey, await keys.WrapAsync(dataKey, orderId));
    }

    /// <summary>Null: it can't be unwrapped.</summary>
    public async ValueTask<byte[]?> UnwrapAsync(Guid orderId, WrappedKey wrapped)
    {
        if (cache.Find(orderId, wrapped) is { } kept)
        {
            return kept;
        }

        var dataKey = await keys.UnwrapAsync(wrapped, orderId);
        if (dataKey is not null)
        {
            cache.Add(orderId, wrapped, dataKey);
        }

        return dataKey;
    }

    public static byte[] Seal(byte[] dataKey, Guid orderId, byte format, ReadOnlySpan<byte> plain) =>
        [format, .. AuthenticatedCipher.Seal(dataKey, plain, ContextOf(format, orderId))];

    /// <summary>The JSON; null: it is not what was sealed.</summary>
    private static byte[]? Open(byte[] dataKey, Guid orderId, byte[] box) => box switch
    {
        [Format, ..] => OpenBox(dataKey, orderId, box),
        [FormatWithSalt, ..] => OpenBox(dataKey, orderId, box)?[SaltLengthBytes..],
        _ => null,
    };

    /// <summary>All that is in a box: with <see cref="FormatWithSalt"/> the salt, then the JSON.</summary>
    public static byte[]? OpenBox(byte[] dataKey, Guid orderId, byte[] box) =>
        AuthenticatedCipher.Open(dataKey, box.AsSpan(1), ContextOf(box[0], orderId));

    private static byte[] ContextOf(byte format, Guid orderId)
    {
        var context = new byte[2 + GuidLengthBytes];
        context[0] = format;
        context[1] = CustomerAndNotes;
        orderId.TryWriteBytes(context.AsSpan(2), bigEndian: true, out _);
        return context;
    }
}

/// <summary>
/// The data key of an order can't be unwrapped, though it could a moment ago: nothing may be encrypted with another.
/// </summary>
internal sealed class UnreadableKeyException(Guid orderId) : Exception($"The data key of {orderId:D} is unreadable.");
