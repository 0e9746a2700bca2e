namespace Orderly.Server.Configuration;

/// <summary>Where the service runs and what it starts with. Section <c>Orderly</c>.</summary>
internal sealed record ServerSettings
{
    /// <summary>The embedded cluster and generated secrets; null: the platform's place for a user's data.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The first administrator's key; null: generated on first start.</summary>
    public string? BootstrapKey { get; init; }

    /// <summary>Whether to load sample data into an empty database; null: only into a new embedded one.</summary>
    public bool? SampleData { get; init; }

    /// <summary>How long to wait for a configured database that cannot be reached.</summary>
    public required TimeSpan StartTimeout { get; init; }

    /// <summary>The TCP port on loopback at which the embedded PostgreSQL also listens; null: none.</summary>
    public int? DatabasePort { get; init; }

    /// <summary>The configured database; null: the embedded one.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>Where the service listens.</summary>
    public required string Urls { get; init; }

    /// <summary>The addresses in a text such as <see cref="Urls"/>, each by itself.</summary>
    public static string[] Addresses(string urls) =>
        urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

/// <summary>The feed of changes. Section <c>Changes</c>.</summary>
internal sealed record ChangeSettings
{
    /// <summary>How far back a token of the feed may point; null: for ever. History and revisions stay.</summary>
    public TimeSpan? Retention { get; init; }

    /// <summary>The private key that signs checkpoints; made there where it is missing.</summary>
    public required string SigningKeyFile { get; init; }

    /// <summary>How often, at most, a checkpoint is signed while there is something new.</summary>
    public required TimeSpan CheckpointEvery { get; init; }

    /// <summary>After how long without an event a stream shows that it is alive.</summary>
    public required TimeSpan HeartbeatEvery { get; init; }

    /// <summary>Where the newest checkpoint is kept outside the database: beside the key.</summary>
    public string NewestCheckpointFile => Path.ChangeExtension(SigningKeyFile, ".newest-checkpoint");
}

/// <summary>Personal data. Section <c>Privacy</c>.</summary>
internal sealed record PrivacySettings
{
    /// <summary>The keys that personal data is encrypted with; made there on the first start.</summary>
    public required string KeyFile { get; init; }
}

/// <summary>The rules of orders. Section <c>Orders</c>.</summary>
internal sealed record OrderSettings
{
    /// <summary>How old an order must be before it can be updated.</summary>
    public TimeSpan UpdatableAfter { get; init; } = TimeSpan.FromHours(3);

    /// <summary>Whether a write without a precondition is refused (428).</summary>
    public bool RequireIfMatch { get; init; }

    /// <summary>The currency of an order or service record that names none.</summary>
    public string DefaultCurrency { get; init; } = "USD";
}
