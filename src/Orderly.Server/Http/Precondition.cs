using System.Globalization;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Orderly.Contract.Problems;

namespace Orderly.Server.Http;

/// <summary>
/// Which versions a write may be based on (RFC 9110, 13.1.1), from If-Match and from version in the body.
/// </summary>
internal sealed record Precondition
{
    private const int TagsMax = 100;

    /// <summary>Any version, as long as there is one.</summary>
    public static readonly Precondition None = new();

    private int[]? Versions { get; init; }

    /// <summary>Whether nothing may be there yet: If-None-Match: * (RFC 9110, 13.1.2).</summary>
    public bool IsForNew { get; private init; }

    /// <summary>Whether the caller named versions at all.</summary>
    public bool IsGiven { get; private init; }

    /// <summary>The newest version up to this one that the caller names; null where none is named.</summary>
    public int? NewestUpTo(int version) =>
        Versions?.Where(named => named > 0 && named <= version).Select(named => (int?)named).Max();

    public static string Tag(int version) => string.Create(CultureInfo.InvariantCulture, $"\"v{version}\"");

    /// <summary>Whether a write may be based on this version, which is there.</summary>
    public bool Holds(int version) => !IsForNew && (Versions is null || Versions.Contains(version));

    /// <summary>What a caller is told of something that is there, but not as it has to be.</summary>
    /// <param name="what">What it is, as "order".</param>
    /// <param name="version">The version that it is at.</param>
    /// <param name="members">What more the problem document has.</param>
    public Problem Refuse(string what, int version, params IEnumerable<KeyValuePair<string, object>> members) =>
        new(ProblemCode.StaleVersion, IsForNew
            ? $"The {what} exists, at version {version}; If-None-Match: * lets it only be created."
            : $"The {what} is at version {version} now. Read it again and apply your change to that.")
        {
            Members = [new("version", version), .. members],
            Headers = [new("ETag", Tag(version))],
        };

    /// <summary>
    /// Reads If-Match (one strong tag, a list of them, or *) and If-None-Match: *, which lets a write only create.
    /// What can't be read becomes a fault.
    /// </summary>
    public static Precondition Read(HttpRequest request, Faults faults)
    {
        var precondition = ReadIfMatch(request.Headers.IfMatch, faults);
        var header = request.Headers.IfNoneMatch;
        if (header.Count == 0)
        {
            return precondition;
        }

        if (!string.Equals(header.ToString().Trim(), "*", StringComparison.Ordinal))
        {
            faults.AddParameter(ProblemCode.InvalidPrecondition, HeaderNames.IfNoneMatch,
                "On a write, If-None-Match takes only *: the record must not be there yet.");
        }

        return precondition with { IsForNew = true };
    }

    /// <summary>
    /// The same, narrowed to the version in the body, where there is one. That it is another is a fault.
    /// </summary>
    public Precondition With(int? bodyVersion, Faults faults)
    {
        if (bodyVersion is not { } version)
        {
            return this;
        }

        if (Versions is not null && !Versions.Contains(version))
        {
            faults.AddParameter(ProblemCode.InvalidPrecondition, HeaderNames.IfMatch,
                $"If-Match and version in the body ({version}) disagree; send one of them.");
        }

        return this with { Versions = [version], IsGiven = true };
    }

    /// <summary>
    /// Whether the caller has this version already (If-None-Match, compared weakly; RFC 9110, 13.1.2).
    /// </summary>
    public static bool IsKnown(HttpRequest request, int version)
    {
        var header = request.Headers.IfNoneMatch;
        if (header.Count == 0)
        {
            return false;
        }

        var current = Tag(version);
        return EntityTagHeaderValue.TryParseList(header, out var tags)
            && tags.Any(tag =>
                tag.Equals(EntityTagHeaderValue.Any) || tag.Tag.Equals(current, StringComparison.Ordinal));
    }

    private static Precondition ReadIfMatch(StringValues header, Faults faults)
    {
        if (header.Count == 0)
        {
            return None;
        }

        if (ReadTags(header) is { } precondition)
        {
            return precondition;
        }

        faults.AddParameter(ProblemCode.InvalidPrecondition, HeaderNames.IfMatch,
            "If-Match takes strong entity tags in quotes, as \"v7\", a list of them, or *. Weak ones (W/) can't guard "
            + "a write.");
        return None;
    }

    private static Precondition? ReadTags(StringValues header)
    {
        if (!EntityTagHeaderValue.TryParseStrictList(header, out var tags) || tags.Count is 0 or > TagsMax)
        {
            return null;
        }

        if (tags is [var only] && only.Equals(EntityTagHeaderValue.Any))
        {
            return new Precondition { IsGiven = true };
        }

        return tags.All(tag => !tag.IsWeak && IsOpaqueTag(tag.Tag))
            ? new Precondition { Versions = [.. tags.Select(tag => VersionOf(tag.Tag))], IsGiven = true }
            : null;
    }

    /// <summary>Between its quotes a tag has neither spaces nor further quotes (RFC 9110, 8.8.3).</summary>
    private static bool IsOpaqueTag(StringSegment tag) =>
        tag.Length >= 2 && tag[0] == '"' && !tag.AsSpan(1, tag.Length - 2).ContainsAny(' ', '\t', '"');

    /// <summary>A well-formed tag that is none of ours names no version, and so never holds.</summary>
    private static int VersionOf(StringSegment tag) =>
        tag.Length > 3 && tag[1] == 'v' && tag[2] is >= '1' and <= '9'
        && int.TryParse(tag.AsSpan(2, tag.Length - 3), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : -1;
}
