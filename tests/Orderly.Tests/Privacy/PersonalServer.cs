using System.Text.RegularExpressions;
using Orderly.Server.Changes;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Privacy;

/// <summary>A server whose orders can be updated at once, and callers who may and may not see personal data.</summary>
public partial class PersonalServer(TestCluster cluster) : RunningServer(cluster), IAsyncLifetime
{
    public const string Personal =
        """
        "customer": {"name": "Ada Lovelace", "email": "ada.lovelace@example.com", "phone": "+44 20 7946 0958"},
        "notes": "Ring twice at the blue door"
        """;

    /// <summary>What nobody may see of it who has no right to.</summary>
    private static readonly string[] Secrets = ["da Lovelace", "da.lovelace", "7946", "Ring twice", "blue door"];

    /// <summary>An editor, who may write orders and see no personal data.</summary>
    public Api Editor { get; private set; } = null!;

    protected override IReadOnlyList<(string Name, string Value)> Settings => [("Orders:UpdatableAfter", "00:00:00")];

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        Editor = (await MakeKeyAsync("""{"name": "editor", "role": "editor", "reach": "all"}""")).Caller;
    }

    /// <summary>Places an order with personal data, and returns its path.</summary>
    public async Task<string> PlacePersonalAsync(string personal = Personal) =>
        "/orders/" + await Api.PlaceAsync(AnOrder.With(personal));

    /// <summary>Ids, hashes and times can have the digits of a number by chance, so they are not looked at.</summary>
    public static void ShouldTellNothing(string text)
    {
        var told = ByChance().Replace(text, "");
        foreach (var secret in Secrets)
        {
            told.ShouldNotContain(secret, Case.Insensitive);
        }
    }

    [GeneratedRegex(
        @"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{32,}\b|(?<=T\d\d:\d\d:\d\d)\.\d{1,6}(?=Z)",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex ByChance();

    /// <summary>What a verification of the log finds.</summary>
    public async Task<List<string>> VerifyAsync()
    {
        var findings = new List<string>();
        await using var connection = await Database.OpenAsync();
        new LogVerifier(
            key: null, kept: [], TimeProvider.System, finding => findings.Add(finding.ToString()), (_, _) => { })
            .Run(connection);
        return findings;
    }
}
