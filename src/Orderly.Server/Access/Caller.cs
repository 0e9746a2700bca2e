using System.Collections.Frozen;

namespace Orderly.Server.Access;

/// <summary>Who is asking, once the key or the person's token has been checked.</summary>
/// <param name="KeyId">The id of the key, or <c>person:</c> and who it is; it stands as createdBy and updatedBy on what
/// the caller writes, in the audit record, and before idempotency keys and quotas.</param>
/// <param name="Team">The team that the caller belongs to.</param>
/// <param name="Scopes">What the caller may do.</param>
/// <param name="ReachesAllTeams">Whether the caller sees the orders of every team, or only of its own.</param>
internal sealed record Caller(string KeyId, string Team, FrozenSet<string> Scopes, bool ReachesAllTeams)
{
    /// <summary>The person who asks; null: a key does.</summary>
    public People.Person? Person { get; init; }

    /// <summary>The team whose orders alone the caller may see; null where it may see all.</summary>
    public string? OnlyTeam => ReachesAllTeams ? null : Team;

    /// <summary>Whether the caller may see what belongs to this team.</summary>
    public bool Sees(string team) => ReachesAllTeams || string.Equals(team, Team, StringComparison.Ordinal);

    /// <summary>Whether the caller may do all that another could: the same caller, at an earlier time.</summary>
    public bool CanAllOf(Caller other) =>
        string.Equals(KeyId, other.KeyId, StringComparison.Ordinal)
        && string.Equals(Team, other.Team, StringComparison.Ordinal)
        && (ReachesAllTeams || !other.ReachesAllTeams) && Scopes.IsSupersetOf(other.Scopes);

    /// <summary>The caller of a request that has passed the gate.</summary>
    public static Caller Of(HttpContext http) => (Caller)http.Items[typeof(Caller)]!;

    public void AttachTo(HttpContext http) => http.Items[typeof(Caller)] = this;
}
