using System.Globalization;
using System.Net;
using Orderly.Server.Database;
using Orderly.Server.Http;
using Orderly.Server.Observability;

namespace Orderly.Server.Configuration;

/// <summary>A setting is wrong. The message names it and says what it takes; the start ends with exit code 2.</summary>
internal sealed class SettingsException(string message) : Exception(message);

/// <summary>All settings, read and checked.</summary>
internal sealed record AllSettings(ServerSettings Server, OrderSettings Orders, ChangeSettings Changes)
{
    public LimitSettings Limits { get; init; } = new();

    public EdgeSettings Edge { get; init; } = new();

    /// <summary>null: nobody signs in, only keys are taken.</summary>
    public PeopleSettings? People { get; init; }

    public required PrivacySettings Privacy { get; init; }
}

/// <summary>Reads every setting and checks it before anything starts.</summary>
internal sealed class SettingsReader
{
    public const string DefaultUrls = "http://127.0.0.1:5080";
    private const int BootstrapKeyLengthMin = 24;
    private const string SigningKeyFileName = "checkpoint-key.pem";
    private const string KeyFileName = "personal-data-keys";
    private const string FileSuffix = "_FILE";

    /// <summary>Every setting of ours, with what it takes, for checks and for <c>--help</c>.</summary>
    public static readonly IReadOnlyList<(string Name, string Default, string Meaning)> Known =
    [
        ("urls", DefaultUrls, "where the service listens"),
        ("ConnectionStrings:Orderly", "none: embedded PostgreSQL", "an existing database (_FILE: read from a file)"),
        ("Orderly:DataDirectory", "the user's data directory", "the embedded cluster and generated secrets"),
        ("Orderly:BootstrapKey", "generated, printed once", "the first admin key, ≥ 24 visible characters (_FILE)"),
        ("Orderly:SampleData", "true on a new embedded database", "load sample data into an empty database"),
        ("Orderly:StartTimeout", "00:00:30", "how long to try to reach a configured database"),
        ("Orderly:DatabasePort", "none", "loopback TCP port of the embedded PostgreSQL"),
        ("Orders:UpdatableAfter", "03:00:00", "how old an order must be before it can be updated"),
        ("Orders:RequireIfMatch", "false", "refuse writes without a precondition (428)"),
        ("Orders:DefaultCurrency", "USD", "currency of orders and services that name none"),
        ("Changes:SigningKeyFile", "in the data directory", "the private key that signs checkpoints of the log"),
        ("Changes:CheckpointEvery", "00:00:10", "how often a checkpoint of the log is signed, at most"),
        ("Changes:HeartbeatEvery", "00:00:15", "after how long without an event a stream gives a sign of life"),
        ("Privacy:KeyFile", "in the data directory", "the keys of personal data; made on the first start"),
        ("Limits:Reads", "3000000", "requests that read, per key and window"),
        ("Limits:Writes", "1500000", "requests that write, per key and window"),
        ("Limits:Streams", "600", "streams opened, per key and window"),
        ("Limits:BadKeys", "300", "wrong keys, per address and window, before 429 instead of 401"),
        ("Limits:WindowSeconds", "60", "the window of these quotas, in seconds"),
        ("Limits:ConcurrentRequests", "1000", "requests in work at a time; more are refused with 503"),
        ("Limits:ConcurrentStreams", "10000", "streams and waiting reads at a time; more are refused with 503"),
        ("Changes:Retention", "for ever", "how far back a token of the feed may point"),
        .. EdgeSettingsReader.Known,
        .. PeopleSettingsReader.Known,
    ];

    /// <summary>
    /// Settings that can also be read from a file, which the setting with _FILE behind its name names.
    /// </summary>
    private static readonly string[] Secrets =
        ["ConnectionStrings:Orderly", "Orderly:BootstrapKey", "Tls:KeyPassphrase"];

    /// <summary>Settings that have entries of names that the operator chooses.</summary>
    private static readonly string[] Sections = [EdgeSettingsReader.NetworksSection, PeopleSettingsReader.RolesSection];

    private readonly IConfiguration _configuration;

    private SettingsReader(IConfiguration configuration) => _configuration = configuration;

    /// <exception cref="SettingsException">A setting is wrong or does not exist.</exception>
    public static AllSettings Read(IConfiguration configuration)
    {
        var reader = new SettingsReader(configuration);
        reader.RefuseUnknown("Orderly");
        reader.RefuseUnknown("Orders");
        reader.RefuseUnknown("Changes");
        reader.RefuseUnknown("Limits");
        reader.RefuseUnknown("Tls");
        reader.RefuseUnknown("Proxy");
        reader.RefuseUnknown(PeopleSettingsReader.Section);
        reader.RefuseUnknown("Privacy");
        RefuseWrongLevels(configuration.GetSection("Logging"));
        RefuseWrongCollector(configuration[TelemetrySetup.Endpoint]);
        var server = reader.ReadServer();
        return new AllSettings(server, reader.ReadOrders(), reader.ReadChanges(server))
        {
            Limits = reader.ReadLimits(),
            Edge = EdgeSettingsReader.Read(reader, configuration, server.Urls),
            People = PeopleSettingsReader.Read(reader, configuration),
            Privacy = reader.ReadPrivacy(server),
        };
    }

    /// <summary>Whether there is a setting of ours with this name.</summary>
    public static bool IsKnown(string name) =>
        Known.Any(known => string.Equals(known.Name, name, StringComparison.OrdinalIgnoreCase))
        || Secrets.Any(secret => string.Equals(secret + FileSuffix, name, StringComparison.OrdinalIgnoreCase))
        || Sections.Any(section => (name + ":").StartsWith(section + ":", StringComparison.OrdinalIgnoreCase));

    private ServerSettings ReadServer() => new()
    {
        Urls = ReadUrls(),
        ConnectionString = ReadConnectionString(),
        DataDirectory = Path.GetFullPath(Text("Orderly:DataDirectory") ?? DefaultDataDirectory()),
        BootstrapKey = ReadBootstrapKey(),
        SampleData = Text("Orderly:SampleData") is null ? null : Bool("Orderly:SampleData", fallback: false),
        StartTimeout = Duration("Orderly:StartTimeout", TimeSpan.FromSeconds(30), TimeSpan.FromHours(1)),
        DatabasePort = ReadPort("Orderly:DatabasePort"),
    };

    private OrderSettings ReadOrders()
    {
        var currency = Text("Orders:DefaultCurrency") ?? "USD";
        if (!Currencies.Contains(currency))
        {
            throw Wrong("Orders:DefaultCurrency", currency, "takes a code of ISO 4217, as USD");
        }

        return new OrderSettings
        {
            UpdatableAfter = Duration("Orders:UpdatableAfter", TimeSpan.FromHours(3), TimeSpan.FromDays(3650)),
            RequireIfMatch = Bool("Orders:RequireIfMatch", fallback: false),
            DefaultCurrency = currency,
        };
    }

    private ChangeSettings ReadChanges(ServerSettings server) => new()
    {
        SigningKeyFile = Path.GetFullPath(
            Text("Changes:SigningKeyFile") ?? Path.Combine(server.DataDirectory, SigningKeyFileName)),
        CheckpointEvery = Duration("Changes:CheckpointEvery", TimeSpan.FromSeconds(10), TimeSpan.FromHours(24)),
        HeartbeatEvery = ReadHeartbeat(),
        Retention = Text("Changes:Retention") is null
            ? null
            : Duration("Changes:Retention", TimeSpan.Zero, TimeSpan.FromDays(36_500)),
    };

    private TimeSpan ReadHeartbeat()
    {
        const string name = "Changes:HeartbeatEvery";
        var every = Duration(name, TimeSpan.FromSeconds(15), TimeSpan.FromHours(1));
        return every > TimeSpan.Zero ? every : throw Wrong(name, Text(name)!, "takes at least 00:00:01");
    }

    private PrivacySettings ReadPrivacy(ServerSettings server) => new()
    {
        KeyFile = Path.GetFullPath(Text("Privacy:KeyFile") ?? Path.Combine(server.DataDirectory, KeyFileName)),
    };

    private LimitSettings ReadLimits()
    {
        var fallback = new LimitSettings();
        return new LimitSettings
        {
            Reads = Count("Limits:Reads", fallback.Reads, LimitSettings.QuotaMax),
            Writes = Count("Limits:Writes", fallback.Writes, LimitSettings.QuotaMax),
            Streams = Count("Limits:Streams", fallback.Streams, LimitSettings.QuotaMax),
            BadKeys = Count("Limits:BadKeys", fallback.BadKeys, LimitSettings.QuotaMax),
            WindowSeconds = Count("Limits:WindowSeconds", fallback.WindowSeconds, LimitSettings.WindowSecondsMax),
            ConcurrentRequests = Count(
                "Limits:ConcurrentRequests", fallback.ConcurrentRequests, LimitSettings.QuotaMax),
            ConcurrentStreams = Count("Limits:ConcurrentStreams", fallback.ConcurrentStreams, LimitSettings.QuotaMax),
        };
    }

    internal int Count(string name, int fallback, int max) => Text(name) switch
    {
        null => fallback,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count >= 1 && count <= max => count,
        var text => throw Wrong(name, text, $"takes a whole number from 1 to {max}"),
    };

    private string ReadUrls()
    {
        const string takes = "takes addresses such as http://127.0.0.1:5080, separated by ;";
        var text = Text("urls") ?? DefaultUrls;
        var urls = ServerSettings.Addresses(text);
        if (urls.Length == 0)
        {
            throw Wrong("urls", text, takes);
        }

        foreach (var (index, url) in urls.Index())
        {
            if (!IsAddress(url))
            {
                throw Wrong("urls", url, takes);
            }

            if (urls.Take(index).Contains(url, StringComparer.OrdinalIgnoreCase))
            {
                throw new SettingsException($"urls has {url} twice.");
            }
        }

        return text;
    }

    private static bool IsAddress(string url)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            return address.PathBase.Length == 0 && address.Port is >= IPEndPoint.MinPort and <= IPEndPoint.MaxPort
                && address.Scheme.ToUpperInvariant() is "HTTP" or "HTTPS";
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private string? ReadConnectionString()
    {
        if (Secret("ConnectionStrings:Orderly") is not { } text)
        {
            return null;
        }

        // The text holds a password, so it is not told back.
        return ConnectionText.Check(text, out var checkedText) is { } fault
            ? throw new SettingsException(
                "ConnectionStrings:Orderly is not a connection string as "
                + $"Host=…;Database=…;Username=…;Password=…: {fault}")
            : checkedText;
    }

    private string? ReadBootstrapKey()
    {
        if (Secret("Orderly:BootstrapKey") is not { } key)
        {
            return null;
        }

        return key.Length >= BootstrapKeyLengthMin && key.All(letter => letter is > ' ' and <= '~')
            ? key
            : throw new SettingsException(
                $"Orderly:BootstrapKey must have at least {BootstrapKeyLengthMin} visible ASCII characters without "
                + $"spaces; it has {key.Length} characters.");
    }

    private int? ReadPort(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is > 0 and <= 65535
                ? port
                : throw Wrong(name, text, "takes a port number from 1 to 65535");
    }

    internal bool Bool(string name, bool fallback) => Text(name) switch
    {
        null => fallback,
        var text when bool.TryParse(text, out var value) => value,
        var text => throw Wrong(name, text, "takes true or false"),
    };

    private TimeSpan Duration(string name, TimeSpan fallback, TimeSpan max)
    {
        if (Text(name) is not { } text)
        {
            return fallback;
        }

        return TryDuration(text, out var value) && value <= max
            ? value
            : throw Wrong(name, text, $"takes hours:minutes:seconds, as 03:00:00, at most {max.TotalHours} hours");
    }

    /// <summary>
    /// TimeSpan.Parse would read 24:00:00 as 24 days, so the hours are read here; days may stand before them.
    /// </summary>
    private static bool TryDuration(string text, out TimeSpan value)
    {
        var hoursEnd = text.IndexOf(':', StringComparison.Ordinal);
        if (hoursEnd < 0 || text.AsSpan(0, hoursEnd).Contains('.'))
        {
            return TimeSpan.TryParseExact(text, "d\\.hh\\:mm\\:ss", CultureInfo.InvariantCulture, out value);
        }

        var isRead = TimeSpan.TryParseExact(
            text.AsSpan(hoursEnd + 1), "mm\\:ss", CultureInfo.InvariantCulture, out value);
        isRead &= ushort.TryParse(
            text.AsSpan(0, hoursEnd), NumberStyles.None, CultureInfo.InvariantCulture, out var hours);
        value += TimeSpan.FromHours(hours);
        return isRead;
    }

    internal string? Text(string name) => _configuration[name] is { Length: > 0 } text ? text : null;

    /// <summary>The setting itself, or the content of the file that its _FILE variant names.</summary>
    internal string? Secret(string name)
    {
        var value = Text(name);
        if (Text(name + FileSuffix) is not { } path)
        {
            return value;
        }

        if (value is not null)
        {
            throw new SettingsException($"{name} and {name}{FileSuffix} are both set; set one of them.");
        }

        try
        {
            return File.ReadAllText(path).TrimEnd('\r', '\n');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"{name}{FileSuffix} names a file that can't be read: {exception.Message}");
        }
    }

    private void RefuseUnknown(string section)
    {
        foreach (var entry in _configuration.GetSection(section).GetChildren())
        {
            var name = $"{section}:{entry.Key}";
            if (!IsKnown(name))
            {
                throw new SettingsException(
                    $"There is no setting {name}.{Suggestion.For(name, Known.Select(known => known.Name))} "
                    + "--help lists all.");
            }
        }
    }

    /// <summary>Levels of the log, for all that write it and for each.</summary>
    private static void RefuseWrongLevels(IConfigurationSection logging)
    {
        const string levels = "LogLevel";
        foreach (var level in logging.GetChildren().Select(child => child.GetSection(levels))
            .Append(logging.GetSection(levels)).SelectMany(section => section.GetChildren()))
        {
            if (!Enum.TryParse<LogLevel>(level.Value, ignoreCase: true, out _))
            {
                throw Wrong(
                    level.Path, level.Value ?? "", $"takes one of {string.Join(", ", Enum.GetNames<LogLevel>())}");
            }
        }
    }

    private static void RefuseWrongCollector(string? endpoint)
    {
        if (!string.IsNullOrEmpty(endpoint)
            && !(Uri.TryCreate(endpoint, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
        {
            throw Wrong(TelemetrySetup.Endpoint, endpoint, "takes the URL of a collector, as http://127.0.0.1:4317");
        }
    }

    /// <summary>XDG's place for a user's data; as root one that PostgreSQL's unprivileged user can reach.</summary>
    private static string DefaultDataDirectory()
    {
        if (OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess)
        {
            return "/var/lib/orderly";
        }

        var data = Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } xdg && Path.IsPathRooted(xdg)
            ? xdg
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "share");
        return Path.Combine(data, "orderly");
    }

    internal static SettingsException Wrong(string name, string value, string takes) =>
        new($"{name} {takes}; {Suggestion.Quote(value)} is not that.");
}
