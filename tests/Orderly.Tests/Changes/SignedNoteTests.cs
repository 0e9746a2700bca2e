using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Orderly.Server.Changes;

namespace Orderly.Tests.Changes;

/// <summary>The formats of c2sp.org/signed-note and c2sp.org/tlog-checkpoint.</summary>
public sealed class SignedNoteTests
{
    /// <summary>The example of the specification.</summary>
    private const string Example =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        + "— example.com/behind-the-sofa "
        + "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

    private static readonly Checkpoint Some = new("orderly/test", 42, SHA256.HashData("root"u8));

    [Fact]
    public void The_example_of_the_specification_is_read_and_written_byte_for_byte()
    {
        var note = SignedNote.Parse(Example).ShouldNotBeNull();
        var signature = note.Signatures.ShouldHaveSingleItem();
        signature.KeyName.ShouldBe("example.com/behind-the-sofa");
        signature.KeyId.ShouldBe(0x033de0aeu);
        signature.Signature.Length.ShouldBe(64);
        note.ToString().ShouldBe(Example);

        var checkpoint = Checkpoint.Parse(note.Text).ShouldNotBeNull();
        checkpoint.Size.ShouldBe(20_852_163);
        checkpoint.Origin.ShouldBe("example.com/behind-the-sofa");
        checkpoint.ToString().ShouldBe(note.Text);
    }

    [Fact]
    public void A_key_is_named_as_the_specification_says_for_ecdsa()
    {
        using var key = CheckpointKey.Generate();
        var parts = key.PublicText.Split('+', 3);
        var encoded = Convert.FromBase64String(parts[2]);
        encoded[0].ShouldBe((byte)2);
        var id = SHA256.HashData(encoded.AsSpan(1)).AsSpan(0, 4);
        parts[0].ShouldBe(key.Name);
        parts[1].ShouldBe(Convert.ToHexStringLower(id));
        key.Sign(Some).Signatures.ShouldHaveSingleItem().KeyId.ShouldBe(BinaryPrimitives.ReadUInt32BigEndian(id));

        using var plain = ECDsa.Create();
        plain.ImportSubjectPublicKeyInfo(encoded.AsSpan(1), out _);
        plain.KeySize.ShouldBe(256);
        plain.VerifyData(Encoding.UTF8.GetBytes(Some.ToString()), key.Sign(Some).Signatures[0].Signature,
            HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence).ShouldBeTrue();
    }

    [Fact]
    public void A_signed_checkpoint_is_good_for_its_key_alone()
    {
        using var key = CheckpointKey.Generate();
        using var verifier = CheckpointKey.ParsePublic(key.PublicText).ShouldNotBeNull();
        using var other = CheckpointKey.Generate();
        var note = SignedNote.Parse(key.Sign(Some).ToString()).ShouldNotBeNull();
        verifier.Verify(note).ShouldBe(SignatureState.Good);
        other.Verify(note).ShouldBe(SignatureState.OfAnotherKey);
    }

    [Fact]
    public void A_changed_text_or_signature_is_bad()
    {
        using var key = CheckpointKey.Generate();
        var note = key.Sign(Some);
        key.Verify(note with { Text = (Some with { Size = 43 }).ToString() }).ShouldBe(SignatureState.Bad);
        var signature = note.Signatures[0];
        for (var i = 0; i < signature.Signature.Length; i++)
        {
            byte[] forged = [.. signature.Signature];
            forged[i] ^= 1;
            key.Verify(note with { Signatures = [signature with { Signature = forged }] })
                .ShouldBe(SignatureState.Bad);
        }
    }

    [Fact]
    public void Several_notes_in_one_file_are_read_one_by_one()
    {
        using var key = CheckpointKey.Generate();
        var notes = Enumerable.Range(1, 3).Select(size => key.Sign(Some with { Size = size }).ToString()).ToArray();
        var read = SignedNote.ParseAll(string.Join('\n', notes)).ShouldNotBeNull();
        read.Select(note => note.ToString()).ShouldBe(notes);
        SignedNote.ParseAll(string.Concat(notes)).ShouldNotBeNull().Count.ShouldBe(3);
        SignedNote.ParseAll(notes[0] + "something else\n").ShouldBeNull();
        SignedNote.ParseAll("").ShouldBeNull();
    }

    [Theory]
    [InlineData("text\n")]
    [InlineData("text\n\n— name\n")]
    [InlineData("text\n\n— name not-base64!\n")]
    [InlineData("text\n\n- name AAAAAAAA\n")]
    [InlineData("text\n\n— na+me AAAAAAAA\n")]
    [InlineData("text\n\n— name AAAA\n")]
    [InlineData("te\txt\n\n— name AAAAAAAA\n")]
    [InlineData("text\n\n— name AAAAAAAA")]
    public void What_is_not_a_signed_note_is_not_read(string text) => SignedNote.Parse(text).ShouldBeNull();

    [Theory]
    [InlineData("log\n042\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n")]
    [InlineData("log\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n")]
    [InlineData("log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n")]
    [InlineData("log\n1\n")]
    [InlineData("\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n")]
    public void What_is_not_a_checkpoint_is_not_read(string text) => Checkpoint.Parse(text).ShouldBeNull();

    [Fact]
    public void A_key_is_made_once_and_only_its_owner_can_read_it()
    {
        var directory = Directory.CreateTempSubdirectory("orderly-key-");
        try
        {
            var path = Path.Combine(directory.FullName, "below", "key.pem");
            using var made = CheckpointKey.LoadOrCreate(path);
            using var loaded = CheckpointKey.LoadOrCreate(path);
            loaded.PublicText.ShouldBe(made.PublicText);
            File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
