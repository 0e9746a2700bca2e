using System.Text;

namespace Orderly.Server.Changes;

/// <summary>One signature line of a note.</summary>
internal sealed record NoteSignature(string KeyName, uint KeyId, byte[] Signature);

/// <summary>
/// A text with signatures (c2sp.org/signed-note): the text, which ends with a line end, an empty line, and for each
/// signature a line of an em dash, the key's name, and base64 of the key's id and the signature.
/// </summary>
internal sealed record SignedNote(string Text, IReadOnlyList<NoteSignature> Signatures)
{
    private const string SignatureStart = "— ";
    private const int SignaturesMax = 100;
    private const int KeyIdLengthBytes = 4;

    public override string ToString()
    {
        var note = new StringBuilder(Text).Append('\n');
        foreach (var signature in Signatures)
        {
            note.Append(SignatureStart).Append(signature.KeyName).Append(' ')
                .Append(Convert.ToBase64String([.. BigEndian(signature.KeyId), .. signature.Signature])).Append('\n');
        }

        return note.ToString();
    }

    /// <summary>Null: the text is not a signed note.</summary>
    public static SignedNote? Parse(string note)
    {
        var end = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (end < 0 || !note.EndsWith('\n') || note.Any(letter => letter is < ' ' and not '\n'))
        {
            return null;
        }

        var lines = note[(end + 2)..].Split('\n')[..^1];
        var signatures = lines.Length is > 0 and <= SignaturesMax ? lines.Select(ParseSignature).ToArray() : [];
        return signatures.Length > 0 && Array.TrueForAll(signatures, signature => signature is not null)
            ? new SignedNote(note[..(end + 1)], signatures!)
            : null;
    }

    /// <summary>The notes of a file to which one after the other was added; null: something in it is not a note.</summary>
    public static IReadOnlyList<SignedNote>? ParseAll(string text)
    {
        var notes = new List<SignedNote>();
        var lines = text.Split('\n');
        var note = new StringBuilder();
        for (var i = 0; i < lines.Length; i++)
        {
            if (note.Length == 0 && lines[i].Length == 0)
            {
                continue; // between notes
            }

            note.Append(lines[i]).Append('\n');
            var isLast = i + 1 == lines.Length || !lines[i + 1].StartsWith(SignatureStart, StringComparison.Ordinal);
            if (lines[i].StartsWith(SignatureStart, StringComparison.Ordinal) && isLast)
            {
                if (Parse(note.ToString()) is not { } parsed)
                {
                    return null;
                }

                notes.Add(parsed);
                note.Clear();
            }
        }

        return note.Length == 0 && notes.Count > 0 ? notes : null;
    }

    private static NoteSignature? ParseSignature(string line)
    {
        var parts = line.StartsWith(SignatureStart, StringComparison.Ordinal)
            ? line[SignatureStart.Length..].Split(' ')
            : [];
        if (parts.Length != 2 || !IsKeyName(parts[0]))
        {
            return null;
        }

        var bytes = new byte[parts[1].Length];
        return Convert.TryFromBase64String(parts[1], bytes, out var length) && length > KeyIdLengthBytes
            && string.Equals(Convert.ToBase64String(bytes, 0, length), parts[1], StringComparison.Ordinal)
                ? new NoteSignature(
                    parts[0], System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes),
                    bytes[KeyIdLengthBytes..length])
                : null;
    }

    public static bool IsKeyName(string name) =>
        name.Length > 0 && !name.Any(letter => letter == '+' || char.IsWhiteSpace(letter));

    private static byte[] BigEndian(uint value)
    {
        var bytes = new byte[KeyIdLengthBytes];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }
}
