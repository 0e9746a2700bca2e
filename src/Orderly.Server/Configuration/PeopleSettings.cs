namespace Orderly.Server.Configuration;

/// <summary>The provider that people sign in with, and what its tokens say. Section <c>People</c>.</summary>
internal sealed record PeopleSettings
{
    /// <summary>Where the provider describes itself (OpenID Connect Discovery 1.0, section 4).</summary>
    public required Uri Metadata { get; init; }

    /// <summary>Who the description must be of; null: whoever it says, as only its address is configured.</summary>
    public string? Authority { get; init; }

    /// <summary>What stands for this service in <c>aud</c>.</summary>
    public required string Audience { get; init; }

    public string RoleClaim { get; init; } = "roles";

    public string TeamClaim { get; init; } = "team";

    public string NameClaim { get; init; } = "name";

    /// <summary>Our role for a value of the role claim; none: the values are our roles.</summary>
    public IReadOnlyDictionary<string, string> Roles { get; init; } =
        new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Whether people reach the orders of all teams, or of their own.</summary>
    public bool ReachesAllTeams { get; init; }

    /// <summary>Whether the provider is asked over HTTPS only.</summary>
    public bool RequiresHttps { get; init; } = true;

    /// <summary>How often, at most, the provider is asked for a key that is not known.</summary>
    public int KeyRefreshSeconds { get; init; } = 30;
}
