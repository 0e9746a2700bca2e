using System.Text.Json;
using Orderly.Contract.Problems;
using Orderly.Server.Http;

namespace Orderly.Server.Access;

/// <summary>Reads the lists in the body of a key: scopes and networks.</summary>
internal static class KeyLists
{
    public static IReadOnlyList<string>? Scopes(in JsonMember member, Faults faults) =>
        Read(member, Access.Scopes.All.Count, faults, text => Access.Scopes.All.Contains(text, StringComparer.Ordinal)
            ? text
            : null,
            text => $"There is no scope {Suggestion.Quote(text)}.{Suggestion.For(text, Access.Scopes.All)}");

    public static IReadOnlyList<string>? Networks(in JsonMember member, Faults faults) =>
        Read(member, AllowedNetworks.CountMax, faults, AllowedNetworks.Normalize,
            text => $"{Suggestion.Quote(text)} is not a network as 10.1.0.0/16 or 2001:db8::/32, with no bits set "
                + "beyond the prefix.");

    /// <param name="normalize">The one notation of an entry; null where it is none.</param>
    private static List<string>? Read(
        in JsonMember member, int countMax, Faults faults, Func<string, string?> normalize, Func<string, string> refuse)
    {
        if (member.Value.ValueKind != JsonValueKind.Array)
        {
            faults.Add(ProblemCode.WrongType, member.Pointer,
                $"An array is expected here, not {JsonMembers.Kind(member.Value)}.");
            return null;
        }

        var count = member.Value.GetArrayLength();
        if (count == 0 || count > countMax)
        {
            faults.Add(ProblemCode.InvalidCount, member.Pointer,
                $"1 to {countMax} entries are taken; there are {count}.");
            return null;
        }

        var entries = new List<string>(count);
        foreach (var (index, value) in member.Value.EnumerateArray().Index())
        {
            var entry = new JsonMember(
                member.Pointer, index.ToString(System.Globalization.CultureInfo.InvariantCulture), value);
            if (JsonMembers.Text(entry, 0, int.MaxValue, faults) is not { } text)
            {
                continue;
            }

            if (normalize(text) is not { } known)
            {
                faults.Add(ProblemCode.InvalidValue, entry.Pointer, refuse(text));
            }
            else if (entries.Contains(known, StringComparer.Ordinal))
            {
                faults.Add(ProblemCode.InvalidValue, entry.Pointer, $"{Suggestion.Quote(text)} stands here twice.");
            }
            else
            {
                entries.Add(known);
            }
        }

        return entries.Count == count ? entries : null;
    }
}
