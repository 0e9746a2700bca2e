using System.Globalization;

namespace Orderly.EndToEndTests.Running;

/// <summary>PostgreSQL's processes: a postmaster, and all that it has started.</summary>
internal static class DatabaseProcesses
{
    public static IReadOnlyList<int> Of(int postmaster) =>
    [
        postmaster,
        .. File.ReadAllText($"/proc/{postmaster}/task/{postmaster}/children")
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(process => int.Parse(process, CultureInfo.InvariantCulture)),
    ];
}
