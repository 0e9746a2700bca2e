using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Orderly.Server.Configuration;

namespace Orderly.Server.Changes;

/// <summary>What became of the signature of a note.</summary>
internal enum SignatureState
{
    Good,
    Bad,
    OfAnotherKey,
}

/// <summary>
/// A key that signs checkpoints: ECDSA on P-256 over SHA-256 of the text, in ASN.1, as c2sp.org/signed-note assigns
/// to the type byte 0x02; the key's id is the beginning of SHA-256 over the public key in SPKI form. The name is
/// derived from the key, and is the origin of its checkpoints, too: so a log is never taken for another one.
/// </summary>
internal sealed class CheckpointKey : IDisposable
{
    private const byte EcdsaType = 2;
    private const int CurveBits = 256;
    private const int NameDigestBytes = 8;
    private const string NamePrefix = "orderly/";

    private readonly ECDsa _key;

    private CheckpointKey(ECDsa key, string? name)
    {
        _key = key;
        var digest = SHA256.HashData(key.ExportSubjectPublicKeyInfo());
        Name = name ?? NamePrefix + Convert.ToHexStringLower(digest.AsSpan(0, NameDigestBytes));
        Id = BinaryPrimitives.ReadUInt32BigEndian(digest);
    }

    public string Name { get; }

    public uint Id { get; }

    /// <summary>What others verify with: name, id and key, as the tools of the format take it.</summary>
    public string PublicText => string.Create(CultureInfo.InvariantCulture,
        $"{Name}+{Id:x8}+{Convert.ToBase64String([EcdsaType, .. _key.ExportSubjectPublicKeyInfo()])}");

    public static CheckpointKey Generate() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256), name: null);

    /// <summary>The key in a file, made there if there is none.</summary>
    /// <exception cref="IOException">The file can't be read or made.</exception>
    /// <exception cref="UnauthorizedAccessException">The file can't be read or made.</exception>
    /// <exception cref="CryptographicException">The file holds something else.</exception>
    public static CheckpointKey LoadOrCreate(string path)
    {
        if (!File.Exists(path))
        {
            var made = Generate();
            SecretFile.WriteNew(path, made._key.ExportPkcs8PrivateKeyPem() + "\n");
            return made;
        }

        return Load(path);
    }

    /// <summary>The key in a file, private or public.</summary>
    /// <exception cref="CryptographicException">The file holds something else.</exception>
    public static CheckpointKey Load(string path)
    {
        var text = File.ReadAllText(path).Trim();
        if (ParsePublic(text) is { } verifier)
        {
            return verifier;
        }

        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(text);
        }
        catch (ArgumentException exception)
        {
            throw new CryptographicException($"'{path}' holds no key.", exception);
        }

        return key.KeySize == CurveBits
            ? new CheckpointKey(key, name: null)
            : throw new CryptographicException($"'{path}' holds a key that is not on the curve P-256.");
    }

    /// <summary>Reads <see cref="PublicText"/>; null: it is not one.</summary>
    public static CheckpointKey? ParsePublic(string text)
    {
        var parts = text.Split('+', 3);
        var bytes = new byte[text.Length];
        if (parts.Length != 3 || !SignedNote.IsKeyName(parts[0])
            || !Convert.TryFromBase64String(parts[2], bytes, out var length) || length < 2 || bytes[0] != EcdsaType)
        {
            return null;
        }

        var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(bytes.AsSpan(1, length - 1), out _);
        }
        catch (CryptographicException)
        {
            return null;
        }

        var verifier = new CheckpointKey(key, parts[0]);
        return key.KeySize == CurveBits && parts[1] == verifier.Id.ToString("x8", CultureInfo.InvariantCulture)
            ? verifier
            : null;
    }

    public SignedNote Sign(Checkpoint checkpoint)
    {
        var text = checkpoint.ToString();
        var signature = _key.SignData(
            Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        return new SignedNote(text, [new NoteSignature(Name, Id, signature)]);
    }

    /// <summary>A note that names this key must be signed by it; what others signed says nothing.</summary>
    public SignatureState Verify(SignedNote note)
    {
        var ours = note.Signatures.Where(signature => signature.KeyId == Id && signature.KeyName == Name).ToArray();
        if (ours.Length == 0)
        {
            return SignatureState.OfAnotherKey;
        }

        var text = Encoding.UTF8.GetBytes(note.Text);
        return Array.TrueForAll(ours, signature => _key.VerifyData(
            text, signature.Signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence))
                ? SignatureState.Good
                : SignatureState.Bad;
    }

    public void Dispose() => _key.Dispose();
}
