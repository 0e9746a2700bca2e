namespace Orderly.Server.Access.People;

/// <summary>A person, as a valid token tells of one.</summary>
/// <param name="Subject">Who it is, for the provider: stays when name and address change.</param>
/// <param name="Name">For people to read; never stored.</param>
/// <param name="Role">The highest of the roles that the token gives.</param>
/// <param name="Team">The team that the person belongs to.</param>
/// <param name="Issuer">The provider.</param>
/// <param name="IssuedAt">When the token was issued.</param>
/// <param name="ExpiresAt">When the token ends.</param>
internal sealed record Person(
    string Subject, string Name, string Role, string Team, string Issuer, DateTime IssuedAt, DateTime ExpiresAt)
{
    /// <summary>No key has an id that begins so.</summary>
    public const string IdPrefix = "person:";

    /// <summary>What stands where otherwise the id of a key does: who wrote an order, whose quota is used.</summary>
    public string Id => IdPrefix + Subject;

    /// <summary>As <c>GET /me</c> shows it, in the shape of a key. Each new token makes a new version.</summary>
    public ApiKey ToKey(bool reachesAllTeams) => new()
    {
        Id = Id,
        Version = (int)Math.Clamp(new DateTimeOffset(IssuedAt).ToUnixTimeSeconds(), 1, int.MaxValue),
        Name = Name,
        Team = Team,
        Role = Role,
        Scopes = Roles.ScopesOf(Role)!,
        ReachesAllTeams = reachesAllTeams,
        ExpiresAt = ExpiresAt,
        CreatedAt = IssuedAt,
        CreatedBy = Issuer,
        UpdatedAt = IssuedAt,
        ReadAt = IssuedAt,
    };
}
