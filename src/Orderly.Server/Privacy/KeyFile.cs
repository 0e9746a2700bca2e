using System.Globalization;
using System.Security.Cryptography;
using Orderly.Server.Configuration;

namespace Orderly.Server.Privacy;

/// <summary>
/// The keys of personal data as a file has them: a line <c>index: …</c> and one <c>1: …</c> for each version of the
/// key-encryption key, each 32 bytes in Base64. The highest version is the current one.
/// </summary>
internal sealed class KeyFile
{
    private const string IndexName = "index";
    private const int FingerprintLengthBytes = 16;
    private const int IndexVersion = 0;

    private static readonly byte[] FingerprintText = "orderly key fingerprint"u8.ToArray();

    private readonly SortedDictionary<int, byte[]> _keys;

    private KeyFile(byte[] indexSecret, SortedDictionary<int, byte[]> keys)
    {
        IndexSecret = indexSecret;
        _keys = keys;
    }

    public byte[] IndexSecret { get; }

    public IReadOnlyCollection<int> Versions => _keys.Keys;

    public int Newest => _keys.Keys.Max();

    /// <summary>What tells keys apart and tells nothing of them; version 0 is the secret of the index.</summary>
    public IReadOnlyList<(int Version, byte[] Fingerprint)> Fingerprints =>
        [(IndexVersion, FingerprintOf(IndexSecret)), .. _keys.Select(entry => (entry.Key, FingerprintOf(entry.Value)))];

    public byte[]? Find(int version) => _keys.GetValueOrDefault(version);

    /// <exception cref="SettingsException">The file can't be read, or is not what it should be.</exception>
    public static KeyFile Load(string path)
    {
        try
        {
            return Parse(path, File.ReadAllLines(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"Privacy:KeyFile can't be read: {exception.Message}");
        }
    }

    /// <summary>Makes a file with new keys.</summary>
    /// <exception cref="SettingsException">The file can't be made.</exception>
    public static KeyFile Create(string path)
    {
        string[] lines =
        [
            "# The keys of personal data. Whoever has lost this file has lost that data: keep a copy, but not",
            "# where backups of the database are. To change the key, add a line \"2: \" with 32 bytes in Base64",
            "# (openssl rand -base64 32); never change a line. See docs/decisions/0009-personal-data.md.",
            $"{IndexName}: {NewKey()}",
            $"1: {NewKey()}",
        ];
        try
        {
            SecretFile.WriteNew(path, string.Join('\n', lines) + "\n");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"Privacy:KeyFile can't be made: {exception.Message}");
        }

        return Parse(path, lines);
    }

    private static string NewKey() =>
        Convert.ToBase64String(RandomNumberGenerator.GetBytes(AuthenticatedCipher.KeyLengthBytes));

    private static byte[] FingerprintOf(byte[] key) =>
        HMACSHA256.HashData(key, FingerprintText)[..FingerprintLengthBytes];

    /// <summary>Lines are told by their number; what they hold is secret.</summary>
    private static KeyFile Parse(string path, string[] lines)
    {
        byte[]? indexSecret = null;
        var keys = new SortedDictionary<int, byte[]>();
        foreach (var (index, line) in lines.Index())
        {
            if (string.IsNullOrWhiteSpace(line) || line.StartsWith('#'))
            {
                continue;
            }

            var parts = line.Split(':', 2, StringSplitOptions.TrimEntries);
            var key = new byte[AuthenticatedCipher.KeyLengthBytes];
            if (parts.Length != 2 || !Convert.TryFromBase64String(parts[1], key, out var length)
                || length != key.Length)
            {
                throw Wrong(path, index, "is not a name, a colon and 32 bytes in Base64");
            }

            if (string.Equals(parts[0], IndexName, StringComparison.Ordinal) && indexSecret is null)
            {
                indexSecret = key;
            }
            else if (!int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var version)
                || version < 1 || !keys.TryAdd(version, key))
            {
                throw Wrong(path, index, "has a name that is neither \"index\" nor a version, or is there twice");
            }
        }

        return indexSecret is not null && keys.Count > 0
            ? new KeyFile(indexSecret, keys)
            : throw new SettingsException(
                $"Privacy:KeyFile: '{path}' needs a line \"index: …\" and one for a version, as \"1: …\".");
    }

    private static SettingsException Wrong(string path, int index, string what) => new(string.Create(
        CultureInfo.InvariantCulture, $"Privacy:KeyFile: line {index + 1} of '{path}' {what}."));
}
