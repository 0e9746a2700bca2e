using Orderly.Server.Access;

namespace Orderly.Server.Configuration;

/// <summary>Reads the settings of people.</summary>
internal static class PeopleSettingsReader
{
    public const string Section = "People";
    public const string RolesSection = "People:Roles";
    private const string WellKnown = "/.well-known/openid-configuration";
    private const int KeyRefreshSecondsMax = 3_600;

    public static readonly IReadOnlyList<(string Name, string Default, string Meaning)> Known =
    [
        ("People:Authority", "none: keys only", "the OpenID Connect provider that people sign in with"),
        ("People:MetadataAddress", "of the authority", "where the provider describes itself"),
        ("People:Audience", "none", "what stands for this service in a token's aud"),
        ("People:RoleClaim", "roles", "the claim with a person's roles; dots lead into objects"),
        ("People:TeamClaim", "team", "the claim with a person's team"),
        ("People:NameClaim", "name", "the claim with a person's name"),
        ("People:Reach", "team", "the orders that people reach: team or all"),
        ("People:RequireHttpsMetadata", "true", "ask the provider over HTTPS only"),
        ("People:KeyRefreshSeconds", "30", "how often, at most, the provider is asked for an unknown key"),
        (RolesSection + ":<value>", "the roles themselves", "viewer, editor or admin for a value of the role claim"),
    ];

    /// <summary>null: nobody signs in, only keys are taken.</summary>
    /// <exception cref="SettingsException">A setting is wrong.</exception>
    public static PeopleSettings? Read(SettingsReader reader, IConfiguration configuration)
    {
        var authority = reader.Text("People:Authority");
        if ((reader.Text("People:MetadataAddress") ?? authority) is not { } provider)
        {
            return configuration.GetSection(Section).GetChildren().FirstOrDefault() is { } other
                ? throw new SettingsException(
                    $"{Section}:{other.Key} is set, but neither People:Authority nor People:MetadataAddress is.")
                : null;
        }

        var fallback = new PeopleSettings { Metadata = new Uri("https://none"), Audience = "" };
        var requiresHttps = reader.Bool("People:RequireHttpsMetadata", fallback.RequiresHttps);
        if (authority is not null)
        {
            ReadAddress("People:Authority", authority, requiresHttps);
        }

        return fallback with
        {
            Authority = authority,
            Metadata = reader.Text("People:MetadataAddress") is { } metadata
                ? ReadAddress("People:MetadataAddress", metadata, requiresHttps)
                : new Uri(provider.TrimEnd('/') + WellKnown),
            RequiresHttps = requiresHttps,
            Audience = reader.Text("People:Audience") ?? throw new SettingsException(
                "People:Audience must say what stands for this service in a token's aud: without it, tokens for "
                + "others would be taken."),
            RoleClaim = reader.Text("People:RoleClaim") ?? fallback.RoleClaim,
            TeamClaim = reader.Text("People:TeamClaim") ?? fallback.TeamClaim,
            NameClaim = reader.Text("People:NameClaim") ?? fallback.NameClaim,
            Roles = ReadRoles(configuration),
            ReachesAllTeams = reader.Text("People:Reach") switch
            {
                null or KeyInput.ReachTeam => false,
                KeyInput.ReachAll => true,
                var text => throw SettingsReader.Wrong("People:Reach", text, "takes team or all"),
            },
            KeyRefreshSeconds = reader.Count(
                "People:KeyRefreshSeconds", fallback.KeyRefreshSeconds, KeyRefreshSecondsMax),
        };
    }

    private static Uri ReadAddress(string name, string text, bool requiresHttps)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address)
            || (address.Scheme != Uri.UriSchemeHttps && address.Scheme != Uri.UriSchemeHttp)
            || address.Query.Length > 0 || address.Fragment.Length > 0)
        {
            throw SettingsReader.Wrong(name, text, "takes an address as https://login.example.com");
        }

        return requiresHttps && address.Scheme != Uri.UriSchemeHttps
            ? throw new SettingsException(
                $"{name} must be https://, or whoever stands in between could sign tokens; for a trial on one machine "
                + "set People:RequireHttpsMetadata=false.")
            : address;
    }

    /// <summary>A value of the claim may hold colons, too.</summary>
    private static Dictionary<string, string> ReadRoles(IConfiguration configuration)
    {
        var roles = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (value, role) in configuration.GetSection(RolesSection).AsEnumerable(makePathsRelative: true))
        {
            if (role is { Length: > 0 })
            {
                roles[value] = Roles.All.Contains(role, StringComparer.Ordinal)
                    ? role
                    : throw SettingsReader.Wrong($"{RolesSection}:{value}", role, "takes viewer, editor or admin");
            }
        }

        return roles;
    }
}
