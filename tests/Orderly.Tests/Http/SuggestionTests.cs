using Orderly.Server.Http;

namespace Orderly.Tests.Http;

public sealed class SuggestionTests
{
    private static readonly string[] Known = ["totalfee", "services", "id", "notes", "name", "createdAt[gte]"];

    [Theory]
    [InlineData("totalfe", "totalfee")]
    [InlineData("total_fee", "totalfee")]
    [InlineData("TOTAL-FEE", "totalfee")]
    [InlineData("servcies", "services")]
    [InlineData("ID", "id")]
    [InlineData("nmae", "name")]
    [InlineData("createdAt[since]", "createdAt[gte]")]
    [InlineData("createdat[gt]", "createdAt[gte]")]
    public void A_name_that_is_close_is_suggested(string name, string meant) =>
        Suggestion.For(name, Known).ShouldBe($" Did you mean \"{meant}\"?");

    [Theory]
    [InlineData("price")]
    [InlineData("ab")]
    [InlineData("price[gte]")]
    [InlineData("")]
    [InlineData("totalfeetotalfeetotalfeetotalfeetotalfeetotalfee")]
    public void A_name_that_is_close_to_none_is_not(string name) => Suggestion.For(name, Known).ShouldBeEmpty();

    [Fact]
    public void What_is_told_back_is_short() => Suggestion.Quote(new string('x', 1000)).Length.ShouldBeLessThan(50);
}
