using Orderly.Contract.Access;
using Orderly.Contract.Problems;
using Orderly.Server.Http;

namespace Orderly.Server.Access;

/// <summary>A key's own limits as a caller gives them; in a patch what is left out of them stays.</summary>
internal sealed class KeyRateLimitInput
{
    public const int QuotaMax = 1_000_000_000;
    public const int WindowSecondsMax = 86_400;

    private static readonly string[] Kinds = ["reads", "writes", "streams"];
    private static readonly string[] RuleFields = ["quota", "windowSeconds"];

    private readonly Dictionary<string, Given<Rule>> _rules = new(StringComparer.Ordinal);
    private readonly string _pointer;

    private KeyRateLimitInput(string pointer) => _pointer = pointer;

    public static KeyRateLimitInput Read(in JsonMember member, bool isPatch, Faults faults)
    {
        var input = new KeyRateLimitInput(member.Pointer);
        foreach (var kind in JsonMembers.Of(member.Value, member.Pointer, Kinds, faults))
        {
            if (kind.IsNull)
            {
                input._rules[kind.Name] = Given<Rule>.As(null);
                continue;
            }

            var rule = Rule.Read(kind, faults);
            if (!isPatch && kind.Value.ValueKind == System.Text.Json.JsonValueKind.Object)
            {
                rule.AddMissing(kind.Pointer, faults);
            }

            input._rules[kind.Name] = Given<Rule>.As(rule);
        }

        return input;
    }

    /// <summary>The limits after the write; null where none is the key's own.</summary>
    public KeyRateLimit? Apply(KeyRateLimit? current, Faults faults)
    {
        var limit = new KeyRateLimit
        {
            Reads = Apply("reads", current?.Reads, faults),
            Writes = Apply("writes", current?.Writes, faults),
            Streams = Apply("streams", current?.Streams, faults),
        };
        return limit == new KeyRateLimit() ? null : limit;
    }

    private RateLimitRule? Apply(string kind, RateLimitRule? current, Faults faults)
    {
        if (!_rules.TryGetValue(kind, out var given))
        {
            return current;
        }

        if (given.Value is not { } rule)
        {
            return null;
        }

        var whole = new Rule(rule.Quota ?? current?.Quota, rule.WindowSeconds ?? current?.WindowSeconds);
        if (whole is { Quota: { } quota, WindowSeconds: { } windowSeconds })
        {
            return new RateLimitRule { Quota = quota, WindowSeconds = windowSeconds };
        }

        if (!faults.Any)
        {
            whole.AddMissing($"{_pointer}/{kind}", faults);
        }

        return null;
    }

    private sealed record Rule(int? Quota, int? WindowSeconds)
    {
        public static Rule Read(in JsonMember member, Faults faults)
        {
            var rule = new Rule(null, null);
            foreach (var field in JsonMembers.Of(member.Value, member.Pointer, RuleFields, faults))
            {
                if (field.IsNull)
                {
                    continue;
                }

                rule = field.Name is "quota"
                    ? rule with { Quota = JsonMembers.WholeNumber(field, 1, QuotaMax, faults) ?? 1 }
                    : rule with { WindowSeconds = JsonMembers.WholeNumber(field, 1, WindowSecondsMax, faults) ?? 1 };
            }

            return rule;
        }

        public void AddMissing(string pointer, Faults faults)
        {
            if (Quota is null)
            {
                JsonMembers.AddMissing(pointer, "quota", faults);
            }

            if (WindowSeconds is null)
            {
                JsonMembers.AddMissing(pointer, "windowSeconds", faults);
            }
        }
    }
}
