using System.Globalization;
using System.Text;

namespace Orderly.EmbeddedPostgres;

/// <summary>
/// The text of postgresql.conf. It is rewritten at each start, and a cluster found running is taken over only if
/// the text is still the same, so everything that tells two ways of running apart must stand in it.
/// </summary>
internal static class ClusterConfiguration
{
    // The library tells clients where the cluster is and where its files are, so callers may not move them.
    private static readonly HashSet<string> reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "listen_addresses", "port", "unix_socket_directories", "unix_socket_permissions", "unix_socket_group",
        "data_directory", "config_file", "hba_file", "ident_file", "external_pid_file", "include", "include_dir",
        "include_if_exists", "logging_collector", "log_directory", "log_filename", "log_destination",
        "fsync", "full_page_writes",
    };

    public static void ValidateSettings(EmbeddedClusterOptions options)
    {
        foreach (var (name, value) in options.Settings)
        {
            if (reserved.Contains(name))
                throw new EmbeddedPostgresException(
                    $"The PostgreSQL setting '{name}' can't be changed for the embedded cluster: remove it, or use "
                    + "a database of your own.");
            if (!name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.') || name.Length == 0)
                throw new EmbeddedPostgresException(
                    $"'{name.ReplaceLineEndings(" ")}' is not the name of a PostgreSQL setting.");
            if (value.AsSpan().IndexOfAny('\r', '\n', '\0') >= 0)
                throw new EmbeddedPostgresException($"The PostgreSQL setting '{name}' must be one line.");
            if (options.Durable && IsSynchronousCommitOff(name, value))
                throw new EmbeddedPostgresException(
                    "synchronous_commit = off loses acknowledged writes: set Durable to false if that is wanted.");
        }
    }

    public static string Text(EmbeddedClusterOptions options, PostgresBinaries binaries, ClusterHome home,
        ClusterAddress address)
    {
        var settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["listen_addresses"] = address.ListensOnTcp ? ClusterAddress.Loopback : "",
            ["port"] = address.Port.ToString(CultureInfo.InvariantCulture),
            ["unix_socket_directories"] = address.Host == ClusterAddress.Loopback ? "" : address.Host,
            ["unix_socket_permissions"] = "0700",
            ["max_connections"] = "100",
            ["shared_buffers"] = "128MB",
            ["jit"] = "off",
            ["timezone"] = "UTC",
            ["log_timezone"] = "UTC",
            ["lc_messages"] = "C",
            ["datestyle"] = "iso, ymd",
            ["default_text_search_config"] = "pg_catalog.simple",
            // One file for each day of the week, emptied when its day comes again.
            ["logging_collector"] = "on",
            ["log_directory"] = home.LogDirectory,
            ["log_filename"] = ClusterLog.FileNamePattern,
            ["log_rotation_age"] = "1d",
            ["log_rotation_size"] = "0",
            ["log_truncate_on_rotation"] = "on",
            ["log_checkpoints"] = "off",
            // A failing statement's text and an error's detail line quote rows, which may be personal data.
            ["log_min_error_statement"] = "panic",
            ["log_error_verbosity"] = "terse",
        };
        foreach (var (name, value) in options.Settings)
            settings[name] = value;
        settings["fsync"] = options.Durable ? "on" : "off";
        settings["full_page_writes"] = options.Durable ? "on" : "off";
        if (!options.Durable)
            settings["synchronous_commit"] = "off";

        var text = new StringBuilder()
            .Append("# Rewritten at each start; put settings into the server's own configuration.\n")
            .Append(CultureInfo.InvariantCulture, $"# PostgreSQL {binaries.Version} in {binaries.Directory}\n");
        foreach (var (name, value) in settings.OrderBy(s => s.Key, StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $"{name} = {Quote(value)}\n");
        return text.ToString();
    }

    private static string Quote(string value) =>
        $"'{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";

    private static bool IsSynchronousCommitOff(string name, string value) =>
        name.Equals("synchronous_commit", StringComparison.OrdinalIgnoreCase)
        && value.Trim().ToUpperInvariant() is "OFF" or "FALSE" or "NO" or "0";
}
