using Orderly.Contract.Problems;
using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Access;

/// <summary>What a key can do, as far as it can be granted.</summary>
/// <param name="Team">null: the team of whoever grants it.</param>
internal sealed record KeyPowers(string? Role, IReadOnlyList<string> Scopes, bool ReachesAllTeams, string? Team)
{
    public static KeyPowers Of(ApiKey key) => new(key.Role, key.Scopes, key.ReachesAllTeams, key.Team);
}

/// <summary>What holds for every write on a key.</summary>
internal static class KeyRules
{
    public static Problem NotFound(string id) =>
        new(ProblemCode.KeyNotFound, $"There is no key {Suggestion.Quote(id)}.");

    /// <summary>
    /// A key cannot grant what it lacks, neither by making a key nor by getting at the secret of one or widening it.
    /// </summary>
    public static Problem? RefuseGrant(KeyPowers granted, Caller caller)
    {
        var faults = new List<InputFault>();
        string[] lacking = [.. granted.Scopes.Where(scope => !caller.Scopes.Contains(scope))];
        if (lacking.Length > 0)
        {
            Add(granted.Role is null ? "#/scopes" : "#/role", $"Your key lacks {string.Join(", ", lacking)}.");
        }

        if (granted.ReachesAllTeams && !caller.ReachesAllTeams)
        {
            Add("#/reach", "Your key reaches its own team only.");
        }

        if (granted.Team is { } team && !caller.Sees(team))
        {
            Add("#/team", $"Your key reaches the team {caller.Team} only.");
        }

        return faults.Count == 0
            ? null
            : new Problem(ProblemCode.CannotGrant,
                "A key can't grant what it lacks. " + string.Join(' ', faults.Select(fault => fault.Detail)))
            {
                Faults = faults,
            };

        void Add(string pointer, string detail) => faults.Add(
            new InputFault { Pointer = pointer, Code = ProblemCode.CannotGrant.ToText(), Detail = detail });
    }

    /// <summary>The key that a write is about, where it is there and is the version that the caller means.</summary>
    public static async Task<Result<ApiKey>> FindAsync(DatabaseSession session, KeyWrite write)
    {
        if (await KeyStore.FindAsync(session, write.Id, write.Caller.OnlyTeam, CancellationToken.None) is not { } key
            || key.Status == KeyStatus.Revoked)
        {
            return NotFound(write.Id);
        }

        return write.Precondition.Holds(key.Version)
            ? key
            : write.Precondition.Refuse("key", key.Version);
    }

    /// <summary>Nobody may lock all out by mistake: one key must stay that can manage the others.</summary>
    public static async Task<Problem?> RefuseLockOutAsync(DatabaseSession session, ApiKey before, ApiKey after) =>
        before.IsLastingAdministrator && !after.IsLastingAdministrator
        && !await KeyWriteStore.HasOtherAdministratorAsync(session, before.Id)
            ? new Problem(ProblemCode.LastAdminKey,
                $"{Suggestion.Quote(before.Id)} is the last key with {Scopes.KeysManage}, reach all and no end. Make "
                + "another one first.")
            : null;

    /// <summary>What stands in configuration would come back with the next start.</summary>
    public static Problem Configured() => new(ProblemCode.ConfiguredKey,
        "The bootstrap key is what the configuration says; change Orderly:BootstrapKey there, or use keys of your "
        + "own.");

    /// <summary>The next version of a key; times grow with versions.</summary>
    public static ApiKey Next(ApiKey before, ApiKey after, DateTime now) => after with
    {
        Version = before.Version + 1,
        UpdatedAt = now > before.UpdatedAt ? now : before.UpdatedAt.AddMicroseconds(1),
    };
}
