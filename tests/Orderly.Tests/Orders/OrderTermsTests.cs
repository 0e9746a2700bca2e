using Microsoft.Extensions.DependencyInjection;
using Orderly.Server.Orders;
using Orderly.Server.Privacy;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>What orders can be found by beyond their columns, and that every write keeps it right.</summary>
public sealed class OrderTermsTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const string Full =
        """
        "reference": "PO-7781", "customer": {"email": "Ada@Example.COM"},
        "metadata": {"region": "eu", "Note": "Grüße, aus  DER\tStraße"}
        """;

    private static readonly OrderContent Content = new()
    {
        Datetime = DateTime.UnixEpoch, TotalFee = 0, Currency = "USD", Services = [new("a", "A", 1, Fee: null)],
    };

    [Theory]
    [InlineData("", "")]
    [InlineData("--- !", "")]
    [InlineData("PO-7781", "po 7781")]
    [InlineData("Ünïcode ΣΊΣΥΦΟΣ日本 x", "ünïcode σίσυφοσ日本 x")]
    [InlineData("cafe\u0301 2½ a_b", "cafe\u0301 2½ a b")]
    [InlineData("𐐀𐐁 🙂 z", "𐐨𐐩 z")]
    public void Words_are_runs_of_letters_marks_and_digits_in_lower_case(string text, string words) =>
        string.Join(' ', OrderTerms.Words(text)).ShouldBe(words);

    [Fact]
    public void No_two_pairs_of_metadata_have_the_same_term()
    {
        var pairs = new (string, string)[]
        {
            ("a=b", "c"), ("a", "b=c"), ("a", "=b=c"), ("", "a=b=c"), ("1:a", "b=c"), ("a", new string('v', 500)),
            ("a", new string('v', 499)), ("a\nb", "c"), ("a", "b\nc"),
        };

        pairs.Select(pair => OrderTerms.Metadata(pair.Item1, pair.Item2)).ShouldBeUnique();
    }

    [Fact]
    public void No_term_is_long_or_holds_what_stands_between_terms()
    {
        var order = Content with
        {
            Reference = new string('r', 100),
            Metadata = [new("a\nb", "c\nd"), new(new string('k', 64), new string('v', 512))],
        };

        OrderTerms.Of(order, emailTerm: null).ShouldAllBe(term => term.Length <= 66 && !term.Contains('\n'));
    }

    [Fact]
    public async Task An_order_has_a_term_for_each_thing_that_it_can_be_found_by()
    {
        var id = await server.Api.PlaceAsync(AnOrder.Of("[\"deep-clean\", \"window\", \"deep-clean\"]", Full));

        (await TermsAsync(id)).ShouldBe(
            [
                server.Services.GetRequiredService<EmailIndex>().TermOf("ada@example.com"),
                "m:4:Note=Grüße, aus  DER\tStraße", "m:6:region=eu",
                "s:deep-clean", "s:window", "w:7781", "w:aus", "w:clean", "w:cleaning", "w:deep", "w:der", "w:eu",
                "w:grüße", "w:po", "w:straße", "w:window",
            ]);
    }

    [Fact]
    public async Task Every_kind_of_write_leaves_the_terms_of_what_the_order_then_holds()
    {
        var path = await server.PlaceOldAsync(AnOrder.With("\"metadata\": {\"region\": \"eu\"}"));
        var id = path[(path.LastIndexOf('/') + 1)..];
        var first = await TermsAsync(id);
        (await server.Api.PatchAsync(path, """{"metadata": {"region": "us"}}""")).ShouldBe(200);
        var second = await TermsAsync(id);
        second.Except(first).ShouldBe(["m:6:region=us", "w:us"]);
        first.Except(second).ShouldBe(["m:6:region=eu", "w:eu"]);

        (await server.Api.PostAsync(path + "/status", """{"status": "confirmed"}""")).ShouldBe(200);
        (await TermsAsync(id)).ShouldBe(second);
        (await server.Api.PostAsync(path + "/revert", """{"to": 1, "reason": "test"}""")).ShouldBe(200);
        (await TermsAsync(id)).ShouldBe(first);
        (await server.Api.DeleteAsync(path)).ShouldBe(204);
        (await TermsAsync(id)).ShouldBe(first);
        (await server.Api.PostAsync(path + "/restore", "{}")).ShouldBe(200);
        (await TermsAsync(id)).ShouldBe(first);
        (await server.Api.PutAsync(path, AnOrder.Of("[\"window\"]"))).ShouldBe(200);
        (await TermsAsync(id)).ShouldBe(["s:window", "w:cleaning", "w:window"]);
    }

    [Fact]
    public async Task Orders_without_terms_get_those_that_a_write_would_give_them()
    {
        var id = await server.Api.PlaceAsync(AnOrder.With(Full.Replace("PO-", "PP-", StringComparison.Ordinal)));
        var deleted = await server.Api.PlaceAsync(AnOrder.With("\"notes\": \"x\""));
        (await server.Api.DeleteAsync("/orders/" + deleted)).ShouldBe(204);
        string[][] before = [await TermsAsync(id), await TermsAsync(deleted)];
        await server.Database.ExecuteAsync("update orders set terms = null where order_id = any ($1)",
            (Guid[])[Guid.Parse(id), Guid.Parse(deleted)]);

        var store = server.Services.GetRequiredService<OrderTermsStore>();
        (await store.FillAsync(TestContext.Current.CancellationToken)).ShouldBe(2);
        ((string[][])[await TermsAsync(id), await TermsAsync(deleted)]).ShouldBe(before);
        (await store.FillAsync(TestContext.Current.CancellationToken)).ShouldBe(0);
    }

    private Task<string[]> TermsAsync(string id) =>
        server.Database.SingleAsync<string[]>("select terms from orders where order_id = $1", Guid.Parse(id));
}
