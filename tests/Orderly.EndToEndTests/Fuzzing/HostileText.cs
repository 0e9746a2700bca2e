namespace Orderly.EndToEndTests.Fuzzing;

/// <summary>Text that has harmed other servers, by what it was aimed at.</summary>
internal static class HostileText
{
    /// <summary>A header that an answer has only where text of a request got into its head.</summary>
    public const string InjectedHeader = "X-Injected";

    private static readonly string[] Known =
    [
        // SQL
        "'", "' or '1'='1", "'; drop table orders; --", "1; select pg_sleep(10)", "$1", "\\'; select 1 --",
        "%' or 1=1 --",
        "0) union select key_id, digest::text from key_secrets --", "null", "true", "1e0", "'::jsonb", "E'\\x00'",

        // Paths
        "../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "..%252f..%252fetc", "%2e%2e/%2e%2e/", "..\\..\\windows",
        "/etc/passwd", "file:///etc/passwd", ".", "..", "%00", "%c0%ae%c0%ae/", "%", "%zz", "%u0041", "a/b", "a%2Fb",

        // Headers and lines
        "a\r\nX-Injected: 1", "%0d%0aX-Injected:%201", "a\nX-Injected: 1", "a\rX-Injected: 1", "\u2028X-Injected: 1",

        // Pages, templates, formulas, loggers
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "javascript:alert(1)", "{{7*7}}", "${7*7}",
        "${jndi:ldap://127.0.0.1/a}", "%s%s%s%n", "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1)", "\t=1",
        "{0}{1}{99}",

        // Characters
        "", " ", "\0", "a\0b", "\u202Egnp.exe", "\u200B", "\uFEFF", "\uFFFE", "\uFFFF", "İi̇ıI", "ß", "ﬀ",
        "\u0301", "e\u0301",
        "𝕏𐍈", "👩‍👩‍👧‍👦", "ﷺ", "Ａ", "\u0085", "\u00A0", "\u007F", "\u001B[2J",
        "\uD7FF\uE000",
        "ᐃ\u0338\u0338\u0338\u0338",

        // Numbers and times
        "-1", "-0", "0x10", "1e400", "-1e400", "NaN", "Infinity", "9223372036854775808", "99999999999999999999999999",
        "0.00000000000000000000000000001", "1.7976931348623157e308", "٣", "0000-00-00T00:00:00Z",
        "9999-12-31T23:59:60Z",
        "2026-02-30T00:00:00Z", "2026-01-01T00:00:00+99:99", "2026-01-01T24:00:00Z", "-2026-01-01T00:00:00Z", "now()",

        // Names that mean something elsewhere
        "__proto__", "constructor", "toString", "$ref", "$type", "System.Object", "xmin", "bootstrap", "*",
        "W/\"v1\"",
    ];

    public static string Any(Random random) => random.Next(12) switch
    {
        0 => new string('A', random.Next(1, 6_000)),
        1 => string.Concat(Enumerable.Repeat("a ", random.Next(1, 300))) + "!",
        2 => string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => (char)random.Next(1, 0xD800))),
        3 => Known[random.Next(Known.Length)] + Known[random.Next(Known.Length)],
        _ => Known[random.Next(Known.Length)],
    };
}
