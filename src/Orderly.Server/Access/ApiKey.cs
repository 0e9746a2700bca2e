using Orderly.Contract.Access;

namespace Orderly.Server.Access;

/// <summary>A key as it stands in the database, without its secrets.</summary>
internal sealed record ApiKey
{
    /// <summary>The key that configuration brings along: the first administrator.</summary>
    public const string BootstrapId = "bootstrap";

    public required string Id { get; init; }
    public required int Version { get; init; }
    public required string Name { get; init; }
    public required string Team { get; init; }

    /// <summary>Null where the key has scopes of its own choice.</summary>
    public required string? Role { get; init; }

    /// <summary>What the key may do, by its role or by choice.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }
    public required bool ReachesAllTeams { get; init; }
    public DateTime? ExpiresAt { get; init; }
    public IReadOnlyList<string>? AllowedCidrs { get; init; }
    public KeyRateLimit? RateLimit { get; init; }
    public DateTime CreatedAt { get; init; }
    public required string CreatedBy { get; init; }
    public DateTime UpdatedAt { get; init; }
    public DateTime? LastUsedAt { get; init; }
    public DateTime? RevokedAt { get; init; }
    public DateTime? PreviousSecretExpiresAt { get; init; }

    /// <summary>The database's clock when the key was read.</summary>
    public DateTime ReadAt { get; init; }

    public KeyStatus Status =>
        RevokedAt is not null ? KeyStatus.Revoked
        : ExpiresAt <= ReadAt ? KeyStatus.Expired
        : KeyStatus.Active;

    /// <summary>Whether keys can be managed with this one for as long as nobody changes that.</summary>
    public bool IsLastingAdministrator =>
        Status == KeyStatus.Active && ExpiresAt is null && ReachesAllTeams
        && Scopes.Contains(Access.Scopes.KeysManage, StringComparer.Ordinal);

    /// <summary>The fields that differ, as callers know them.</summary>
    public IReadOnlyList<string> ChangedFields(ApiKey other)
    {
        var changed = new List<string>();
        Add("name", Name == other.Name);
        Add("role", Role == other.Role);
        Add("scopes", Scopes.ToHashSet(StringComparer.Ordinal).SetEquals(other.Scopes));
        Add("reach", ReachesAllTeams == other.ReachesAllTeams);
        Add("expiresAt", ExpiresAt == other.ExpiresAt);
        Add("allowedCidrs", (AllowedCidrs ?? []).SequenceEqual(other.AllowedCidrs ?? [], StringComparer.Ordinal));
        Add("rateLimit", RateLimit == other.RateLimit);
        return changed;

        void Add(string field, bool isSame)
        {
            if (!isSame)
            {
                changed.Add(field);
            }
        }
    }
}

/// <summary>What a key is good for at the moment.</summary>
internal enum KeyStatus
{
    Active,
    Expired,
    Revoked,
}
