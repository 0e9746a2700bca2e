using System.Text.Json;
using System.Text.RegularExpressions;
using Orderly.Contract.Problems;
using Orderly.Server.Http;

namespace Orderly.Server.Access;

/// <summary>The body of a write on a key, read strictly.</summary>
internal sealed partial class KeyInput : IWriteInput
{
    public const int NameLengthMax = 200;
    public const int TeamLengthMax = 64;

    /// <summary>The shape of a team's name, as ECMA-262 and .NET both read it (where it ends is said apart).</summary>
    public const string TeamPattern = TeamShapeOpen + "$";
    public const string ReachAll = "all";
    public const string ReachTeam = "team";
    private const string TeamShapeOpen = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}";

    private static readonly string[] Fields =
    [
        "name", "team", "role", "scopes", "reach", "expiresAt", "allowedCidrs", "rateLimit", "version", "id", "status",
        "createdAt", "createdBy", "updatedAt", "lastUsedAt", "revokedAt", "previousSecretExpiresAt",
    ];

    /// <summary>They change by themselves, so that what was read may be out of date without harm.</summary>
    private static readonly string[] Passing = ["status", "lastUsedAt", "previousSecretExpiresAt"];

    private readonly Dictionary<string, JsonMember> _readOnly = new(StringComparer.Ordinal);
    private readonly bool _isPatch;
    private string? _name;
    private Given<string> _role;
    private Given<IReadOnlyList<string>> _scopes;
    private Given<DateTime?> _expiresAt;
    private Given<IReadOnlyList<string>> _allowedCidrs;
    private Given<KeyRateLimitInput> _rateLimit;

    private KeyInput(bool isPatch) => _isPatch = isPatch;

    public Faults Faults { get; } = new();

    public string? Team { get; private set; }

    /// <summary>null: left out.</summary>
    public bool? ReachesAllTeams { get; private set; }

    /// <summary>What the key is to be able to do, by role or by choice; null where the request says nothing.</summary>
    public IReadOnlyList<string>? Scopes => _role.Value is { } role ? Roles.ScopesOf(role) : _scopes.Value;

    /// <summary>What the new key is to be able to do; null where that could not be read.</summary>
    public KeyPowers? Wanted =>
        Scopes is { } scopes ? new KeyPowers(_role.Value, scopes, ReachesAllTeams ?? false, Team) : null;

    /// <summary>The version that the caller's change is based on; it acts as If-Match does.</summary>
    public int? Version { get; private set; }

    public static KeyInput Read(JsonElement body, bool isPatch)
    {
        var input = new KeyInput(isPatch);
        var members = JsonMembers.Of(body, "#", Fields, input.Faults);
        foreach (var member in members)
        {
            input.Take(member);
        }

        if (body.ValueKind == JsonValueKind.Object)
        {
            input.CheckWhole(members);
        }

        return input;
    }

    /// <summary>The key that the request makes.</summary>
    public Result<ApiKey> Create(string id, Caller caller, DateTime now)
    {
        CheckExpiry(stored: null, now, Faults);
        foreach (var member in _readOnly.Values)
        {
            AddReadOnly(member, Faults);
        }

        var rateLimit = _rateLimit.Value?.Apply(current: null, Faults);
        if (Faults.ToProblem() is { } problem)
        {
            return problem;
        }

        return new ApiKey
        {
            Id = id,
            Version = 1,
            Name = _name!,
            Team = Team ?? caller.Team,
            Role = _role.Value,
            Scopes = Scopes!,
            ReachesAllTeams = ReachesAllTeams ?? false,
            ExpiresAt = _expiresAt.Value,
            AllowedCidrs = _allowedCidrs.Value,
            RateLimit = rateLimit,
            CreatedAt = now,
            CreatedBy = caller.KeyId,
            UpdatedAt = now,
            ReadAt = now,
        };
    }

    /// <summary>The key as the patch leaves it.</summary>
    public Result<ApiKey> Apply(ApiKey current)
    {
        var faults = new Faults(Faults);
        CheckExpiry(current.ExpiresAt, current.ReadAt, faults);
        CheckReadOnly(current, faults);
        var rateLimit = _rateLimit.IsGiven ? _rateLimit.Value?.Apply(current.RateLimit, faults) : current.RateLimit;
        if (faults.ToProblem() is { } problem)
        {
            return problem;
        }

        return current with
        {
            Name = _name ?? current.Name,
            Role = Scopes is null ? current.Role : _role.Value,
            Scopes = Scopes ?? current.Scopes,
            ReachesAllTeams = ReachesAllTeams ?? current.ReachesAllTeams,
            ExpiresAt = _expiresAt.IsGiven ? _expiresAt.Value : current.ExpiresAt,
            AllowedCidrs = _allowedCidrs.IsGiven ? _allowedCidrs.Value : current.AllowedCidrs,
            RateLimit = rateLimit,
        };
    }

    private void Take(in JsonMember member)
    {
        if (member.IsNull && (!_isPatch || member.Name is not ("expiresAt" or "allowedCidrs" or "rateLimit")))
        {
            return;
        }

        switch (member.Name)
        {
            case "name":
                _name = JsonMembers.Text(member, 1, NameLengthMax, Faults);
                break;
            case "team":
                Team = ReadTeam(member);
                break;
            case "role":
                _role = Given<string>.As(ReadRole(member));
                break;
            case "scopes":
                _scopes = Given<IReadOnlyList<string>>.As(KeyLists.Scopes(member, Faults));
                break;
            case "reach":
                ReachesAllTeams = ReadReach(member);
                break;
            case "expiresAt":
                _expiresAt = Given<DateTime?>.As(member.IsNull ? null : JsonMembers.Instant(member, Faults));
                break;
            case "allowedCidrs":
                _allowedCidrs = Given<IReadOnlyList<string>>.As(
                    member.IsNull ? null : KeyLists.Networks(member, Faults));
                break;
            case "rateLimit":
                _rateLimit = Given<KeyRateLimitInput>.As(
                    member.IsNull ? null : KeyRateLimitInput.Read(member, _isPatch, Faults));
                break;
            case "version" when _isPatch:
                Version = JsonMembers.WholeNumber(member, 1, int.MaxValue, Faults);
                break;
            default:
                _readOnly[member.Name] = member;
                break;
        }
    }

    private void CheckWhole(List<JsonMember> members)
    {
        bool IsNull(string name) => members.Exists(member => member.IsNull && member.Name == name);
        if (IsNull("name") || (!_isPatch && !members.Exists(member => member.Name is "name")))
        {
            JsonMembers.AddMissing("#", "name", Faults);
        }

        if (!_role.IsGiven && !_scopes.IsGiven && (!_isPatch || IsNull("role") || IsNull("scopes")))
        {
            Faults.Add(ProblemCode.MissingField, "#/role", "A key needs a role or scopes; give one of them.");
        }

        if (_role.Value is { } role && _scopes.Value is { } scopes
            && !scopes.ToHashSet(StringComparer.Ordinal).SetEquals(Roles.ScopesOf(role)!))
        {
            Faults.Add(ProblemCode.InvalidValue, "#/scopes",
                $"These are not the scopes of the role {role}. Give a role or scopes, not both.");
        }

        if (_isPatch && IsNull("reach"))
        {
            Faults.Add(ProblemCode.MissingField, "#/reach", "\"reach\" can't be cleared.");
        }
    }

    private void CheckExpiry(DateTime? stored, DateTime now, Faults faults)
    {
        if (_expiresAt.Value is { } expiresAt && expiresAt != stored && expiresAt <= now)
        {
            faults.Add(ProblemCode.OutOfRange, "#/expiresAt",
                $"A key expires in the future; the database's clock says {Instant.Format(now)}. To end it, delete it.");
        }
    }

    /// <summary>What was read may be sent back; the team is given once and for all.</summary>
    private void CheckReadOnly(ApiKey current, Faults faults)
    {
        if (Team is not null && !string.Equals(Team, current.Team, StringComparison.Ordinal))
        {
            faults.Add(ProblemCode.ReadOnlyField, "#/team", "The team of a key can't be changed; make another key.");
        }

        foreach (var (name, member) in _readOnly)
        {
            var isSame = name switch
            {
                "id" => IsText(member, current.Id),
                "createdBy" => IsText(member, current.CreatedBy),
                "createdAt" => JsonMembers.Instant(member, new Faults()) == current.CreatedAt,
                "updatedAt" => JsonMembers.Instant(member, new Faults()) == current.UpdatedAt,
                _ => Passing.Contains(name, StringComparer.Ordinal) && CouldBe(name, member),
            };
            if (!isSame)
            {
                AddReadOnly(member, faults);
            }
        }
    }

    /// <summary>What passes may have been another when it was read, but never something of another kind.</summary>
    private static bool CouldBe(string name, JsonMember member) =>
        member.IsNull || (string.Equals(name, "status", StringComparison.Ordinal)
            ? Array.Exists(KeyDocument.Statuses, status => IsText(member, status))
            : JsonMembers.Instant(member, new Faults()) is not null);

    private static bool IsText(in JsonMember member, string text) =>
        member.Value.ValueKind == JsonValueKind.String && member.Value.ValueEquals(text);

    private static void AddReadOnly(in JsonMember member, Faults faults) => faults.Add(
        ProblemCode.ReadOnlyField, member.Pointer,
        $"\"{member.Name}\" is read-only, and it differs from what is stored.");

    /// <summary>Whether a text could be a team's name.</summary>
    public static bool IsTeam(string text) => TeamShape().IsMatch(text);

    private string? ReadTeam(in JsonMember member)
    {
        var text = JsonMembers.Text(member, 1, TeamLengthMax, Faults);
        if (text is null || TeamShape().IsMatch(text))
        {
            return text;
        }

        Faults.Add(ProblemCode.InvalidValue, member.Pointer,
            "A team has letters, digits, dots, hyphens and underscores, and begins with a letter or digit.");
        return null;
    }

    private string? ReadRole(in JsonMember member)
    {
        var text = JsonMembers.Text(member, 0, int.MaxValue, Faults);
        if (text is null || Roles.ScopesOf(text) is not null)
        {
            return text;
        }

        Faults.Add(ProblemCode.InvalidValue, member.Pointer,
            $"A role is one of {string.Join(", ", Roles.All)}.{Suggestion.For(text, Roles.All)}");
        return null;
    }

    private bool? ReadReach(in JsonMember member)
    {
        switch (JsonMembers.Text(member, 0, int.MaxValue, Faults))
        {
            case null:
                return null;
            case ReachAll:
                return true;
            case ReachTeam:
                return false;
            default:
                Faults.Add(ProblemCode.InvalidValue, member.Pointer, "A key's reach is all or team.");
                return null;
        }
    }

    [GeneratedRegex(TeamShapeOpen + "\\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TeamShape();
}
