using Orderly.Server.Privacy;

namespace Orderly.Tests.Privacy;

/// <summary>
/// Known answers of Project Wycheproof (github.com/C2SP/wycheproof, testvectors_v1/aes_gcm_test.json at 6fc4a87a and
/// hmac_sha256_test.json at 427a648c, Apache License 2.0): a part of those with the lengths that are used here, each
/// with its number there.
/// </summary>
public sealed class KnownAnswerTests
{
    /// <summary>Number, key, nonce, context, plain text, ciphertext, tag.</summary>
    public static IReadOnlyList<TheoryDataRow<int, string, string, string, string, string, string>> AesGcm { get; } =
    [
        new(
            91, "92ace3e348cd821092cd921aa3546374299ab46209691bc28b8752d17f123c20", "00112233445566778899aabb",
            "00000000ffffffff", "00010203040506070809", "e27abdd2d2a53d2f136b", "9a4a2579529301bcfb71c78d4060f52c"),
        new(
            92, "29d3a44f8723dc640239100c365423a312934ac80239212ac3df3421a2098123", "00112233445566778899aabb",
            "aabbccddeeff", "", "", "2a7d77fa526b8250cb296078926b5020"),
        new(
            93, "80ba3192c803ce965ea371d5ff073cf0f43b6a2ab576b208426e11409c09b9b0", "4da5bf8dfd5852c1ea12379d",
            "", "", "", "4771a7c404a472966cea8f73c8bfe17a"),
        new(
            94, "cc56b680552eb75008f5484b4cb803fa5063ebd6eab91f6ab6aef4916a766273", "99e23ec48985bccdeeab60f1",
            "", "2a", "06", "633c1e9703ef744ffffb40edf9d14355"),
        new(
            97, "59d4eafb4de0cfc7d3db99a8f54b15d7b39f0acc8da69763b019c1699f87674a", "2fcb1b38a99e71b84740ad9b",
            "", "549b365af913f3b081131ccb6b825588", "f58c16690122d75356907fd96b570fca",
            "28752c20153092818faba2a334640d6e"),
        new(
            98, "3b2458d8176e1621c0cc24c0c0e24c1e80d72f7ee9149a4b166176629616d011", "45aaa3e5d16d2d42dc03445d",
            "", "3ff1514b1c503915918f0c0c31094a6e1f", "73a6b6f45f6ccc5131e07f2caa1f2e2f56",
            "2d7379ec1db5952d4e95d30c340b1b1d"),
        new(
            100, "b279f57e19c8f53f2f963f5f2519fdb7c1779be2ca2b3ae8e1128b7d6c627fc4", "98bc2c7438d5cd7665d76f6e",
            "c0", "fcc515b294408c8645c9183e3f4ecee5127846d1", "eb5500e3825952866d911253f8de860c00831c81",
            "ecb660e1fb0541ec41e8d68a64141b3a"),
        new(
            102, "f32364b1d339d82e4f132d8f4a0ec1ff7e746517fa07ef1a7f422f4e25a48194", "5a86a50a0e8a179c734b996d",
            "ab2ac7c44c60bdf8228c7884adb20184", "43891bccb522b1e72a6b53cf31c074e9d6c2df8e",
            "43dda832e942e286da314daa99bef5071d9d2c78", "c3922583476ced575404ddb85dd8cd44"),
        new(
            103, "ff0089ee870a4a39f645b0a5da774f7a5911e9696fc9cad646452c2aa8595a12", "bc2a7757d0ce2d8b1f14ccd9",
            "972ab4e06390caae8f99dd6e2187be6c7ff2c08a24be16ef", "748b28031621d95ee61812b4b4f47d04c6fc2ff3",
            "a929ee7e67c7a2f91bbcec6389a3caf43ab49305", "ebec6774b955e789591c822dab739e12"),
    ];

    /// <summary>Number, key, message, tag, of which the first half is used here.</summary>
    public static IReadOnlyList<TheoryDataRow<int, string, string, string>> Hmac { get; } =
    [
        new(
            1, "1e225cafb90339bba1b24076d4206c3e79c355805d851682bc818baa4f5a7779", "",
            "b175b57d89ea6cb606fb3363f2538abd73a4c00b4a1386905bac809004cf1933"),
        new(
            2, "8159fd15133cd964c9a6964c94f0ea269a806fd9f43f0da58b6cd1b33d189b2a", "77",
            "dfc5105d5eecf7ae7b8b8de3930e7659e84c4172f2555142f1e568fc1872ad93"),
        new(
            9, "233e4fdee70bcc20235b6977ddfc05b0df66f5635d827c66e5a63cdb16a24938", "fdb2ee4b6d1a0ac2",
            "120b26ee1355c134c262513c7922deb6c4fd90303de4cd61b9f9cd08f22d6e18"),
        new(
            17, "6fa353868c82e5deeedac7f09471a61bf749ab5498239e947e012eee3c82d7c4",
            "aeed3e4d4cb9bbb60d482e98c126c0f5", "9ed7f0e73812a27a87a3808ee0c89a6456499e835974ba57c5aab2a0d8c69e93"),
        new(
            20, "186e248ad824e1eb93329a7fdcd565b6cb4eaf3f85b90b910777128d8c538d27",
            "92ef9ff52f46eccc7e38b9ee19fd2de3b37726c8e6ce9e1b96db5dda4c317902",
            "3fc1d73dd4a8858c1fc3d8c4a3f33ed5ad0c70210038394a5902cb26fe287348"),
        new(
            23, "69c50d5274358188cff4c0fae742243d4e8a5e5ba55d94ff40edd90f6a43dd10",
            "1ac5255aff052828d8ea21b376f1ebdd4bb879949913900405aebce83e48feb6813b5e9c89f94501a8ade41b26b815c521",
            "4b0b4d0416fa2e11586fbfa7fb11261e69991dfa34019b9893d69a2be8c1fc80"),
    ];

    [Theory]
    [MemberData(nameof(AesGcm))]
    public void What_is_encrypted_is_as_the_standard_says_and_opens_again(
        int number, string key, string nonce, string context, string plain, string cipher, string tag)
    {
        var box = Bytes(nonce + cipher + tag);

        AuthenticatedCipher.Seal(Bytes(key), Bytes(nonce), Bytes(plain), Bytes(context)).ShouldBe(box, $"{number}");
        AuthenticatedCipher.Open(Bytes(key), box, Bytes(context)).ShouldBe(Bytes(plain), $"{number}");
    }

    [Theory]
    [MemberData(nameof(AesGcm))]
    public void A_changed_bit_anywhere_keeps_it_closed(
        int number, string key, string nonce, string context, string plain, string cipher, string tag)
    {
        var box = Bytes(nonce + cipher + tag);
        for (var bit = 0; bit < box.Length * 8; bit++)
        {
            AuthenticatedCipher.Open(Bytes(key), Flip(box, bit), Bytes(context)).ShouldBeNull($"{number}, bit {bit}");
        }

        for (var bit = 0; bit < key.Length * 4; bit++)
        {
            AuthenticatedCipher.Open(Flip(Bytes(key), bit), box, Bytes(context)).ShouldBeNull($"{number}, key {bit}");
        }

        AuthenticatedCipher.Open(Bytes(key), box, [.. Bytes(context), 0]).ShouldBeNull();
        AuthenticatedCipher.Open(Bytes(key), box.AsSpan(0, box.Length - 1), Bytes(context)).ShouldBeNull();
        AuthenticatedCipher.Open(Bytes(key), [], Bytes(context)).ShouldBeNull();
        plain.Length.ShouldBe(cipher.Length);
    }

    [Theory]
    [MemberData(nameof(Hmac))]
    public void The_term_of_an_address_is_the_beginning_of_an_hmac(int number, string key, string text, string tag) =>
        EmailIndex.Digest(Bytes(key), Bytes(text)).ShouldBe(Bytes(tag)[..16], $"{number}");

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex);

    private static byte[] Flip(byte[] bytes, int bit)
    {
        var flipped = (byte[])bytes.Clone();
        flipped[bit / 8] ^= (byte)(1 << (bit % 8));
        return flipped;
    }
}
