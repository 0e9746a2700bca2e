using System.Text.Json;
using Orderly.Contract.Problems;
using Orderly.Server.Configuration;
using Orderly.Server.Http;

namespace Orderly.Server.Access.People;

/// <summary>What a token whose signature holds says of a person.</summary>
internal sealed class PersonClaims(JsonElement payload, PeopleSettings settings)
{
    /// <summary>Clocks differ; RFC 7519, 4.1.4 allows for a few minutes, this for less.</summary>
    public const int ClockSkewSeconds = 60;
    private const int SubjectLengthMax = 190;
    private const long SecondsMax = 253_402_300_799; // the end of the year 9999

    /// <summary>The person, or why the token is not that of one who may come in now.</summary>
    public Result<Person> Read(string issuer, DateTimeOffset now)
    {
        if (Seconds("exp") is not { } end)
        {
            return Refuse("It does not say when it ends (exp).");
        }

        if (HasEnded(end, now))
        {
            return RefuseEnded();
        }

        if (IsLater("nbf", now) || IsLater("iat", now))
        {
            return Refuse("It is not valid yet (nbf, iat).");
        }

        if (Text(payload, "sub") is not { Length: > 0 and <= SubjectLengthMax } subject
            || !subject.All(letter => letter is > ' ' and <= '~'))
        {
            return Refuse($"Its sub is not 1 to {SubjectLengthMax} visible ASCII characters.");
        }

        if (HighestRole() is not { } role)
        {
            return NotAdmitted(
                $"The claim {settings.RoleClaim} of your token gives you no role here. Have one given to you where "
                + "you sign in.");
        }

        return Values(settings.TeamClaim) is [var team] && KeyInput.IsTeam(team)
            ? new Person(
                subject, Values(settings.NameClaim) is [{ Length: > 0 and <= KeyInput.NameLengthMax } name]
                    ? name
                    : subject,
                role, team, issuer, (Seconds("iat") ?? now).UtcDateTime, end.UtcDateTime)
            : NotAdmitted(
                $"The claim {settings.TeamClaim} of your token does not name one team. Have one given to you where "
                + "you sign in.");
    }

    /// <summary>Whether a token that ends then can't be used any more.</summary>
    public static bool HasEnded(DateTimeOffset end, DateTimeOffset now) => end <= now.AddSeconds(-ClockSkewSeconds);

    public static Problem RefuseEnded() => Refuse("It has ended (exp).");

    public static Problem Refuse(string reason) => new(ProblemCode.TokenNotAccepted, reason)
    {
        Headers = [new("WWW-Authenticate", "Bearer realm=\"orderly\", error=\"invalid_token\"")], // RFC 6750, 3.1
    };

    private static Problem NotAdmitted(string reason) => new(ProblemCode.PersonNotAdmitted, reason);

    private string? HighestRole()
    {
        var given = Values(settings.RoleClaim)
            .Select(value => settings.Roles.Count == 0 ? value : settings.Roles.GetValueOrDefault(value))
            .ToHashSet(StringComparer.Ordinal);
        return Roles.All.LastOrDefault(given.Contains);
    }

    private bool IsLater(string name, DateTimeOffset now) =>
        payload.TryGetProperty(name, out _)
        && (Seconds(name) is not { } from || from > now.AddSeconds(ClockSkewSeconds));

    private DateTimeOffset? Seconds(string name) =>
        payload.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
        && value.TryGetDouble(out var seconds) && seconds is >= 0 and <= SecondsMax
            ? DateTimeOffset.UnixEpoch.AddSeconds(seconds)
            : null;

    /// <summary>The texts of a claim that is one text or an array of them.</summary>
    private string[] Values(string claim) => Find(claim) switch
    {
        { ValueKind: JsonValueKind.String } text => [text.GetString()!],
        { ValueKind: JsonValueKind.Array } array =>
            [.. array.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String)
                .Select(item => item.GetString()!)],
        _ => [],
    };

    /// <summary>A claim of this very name; otherwise what the dots in the name lead to.</summary>
    private JsonElement? Find(string claim)
    {
        if (payload.TryGetProperty(claim, out var direct))
        {
            return direct;
        }

        var place = payload;
        foreach (var step in claim.Split('.'))
        {
            if (place.ValueKind != JsonValueKind.Object || !place.TryGetProperty(step, out place))
            {
                return null;
            }
        }

        return place;
    }

    private static string? Text(JsonElement place, string name) =>
        place.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
