using Orderly.Server.Database;

namespace Orderly.Server.Transfer;

/// <summary>
/// How long and how many streams and imports may be: each keeps a connection, and a stream a snapshot.
/// </summary>
internal static class StreamLimits
{
    /// <summary>The others are told to come later.</summary>
    public const int StreamsMax = StreamDataSource.ConnectionsMax;
    public const int ImportsMax = ImportDataSource.ImportsMax;

    /// <summary>A reader that does not take a piece within this time is cut off.</summary>
    public const int StallSeconds = 30;

    /// <summary>A snapshot keeps the database from tidying up, so no stream may hold one for longer.</summary>
    public const int StreamMinutesMax = 60;

    /// <summary>An import of all or nothing is one transaction for as long.</summary>
    public const int ImportMinutesMax = 60;
}
