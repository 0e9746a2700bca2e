using CsCheck;
using Orderly.Server.Database;

namespace Orderly.Tests.Database;

public sealed class CursorTests
{
    private static readonly Gen<byte[]> Keys = Gen.Byte.Array[1, 200];

    [Fact]
    public void A_cursor_gives_back_its_key_to_its_own_list_and_to_no_other() => Keys.Sample(key =>
    {
        var cursor = Cursor.Make("orders", key);
        return Cursor.Read("orders", cursor) is { } read && read.AsSpan().SequenceEqual(key)
            && Cursor.Read("orders|status=placed", cursor) is null;
    });

    [Fact]
    public void A_cursor_fits_into_an_address_as_it_is() =>
        Keys.Sample(key => Cursor.Make("orders", key).All(
            letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_'));

    [Fact]
    public void A_cursor_of_which_one_letter_was_changed_is_recognised() =>
        Gen.Select(Keys, Gen.Int[0, 1000], Gen.Char["ABCDEFabcdef019-_"]).Sample((key, place, letter) =>
        {
            var cursor = Cursor.Make("orders", key).ToCharArray();
            place %= cursor.Length - 1; // the last letter has bits that do not count
            var changed = cursor[place] != letter;
            cursor[place] = letter;
            return (Cursor.Read("orders", new string(cursor)) is null) == changed;
        });

    [Fact]
    public void Any_text_is_read_without_failing() =>
        Gen.String[0, 400].Sample(text => Cursor.Read("orders", text) is null);
}
