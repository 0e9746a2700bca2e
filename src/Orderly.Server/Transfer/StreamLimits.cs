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

    /// <summary>A reader that takes nothing for this long is cut off; a slow one is not.</summary>
    public const int StallSeconds = 30;

    /// <summary>A reader of this pace is served, though its kernel takes much at once and then nothing.</summary>
    public const int BytesPerSecondMin = 4_000;

    /// <summary>So one who has taken much may take nothing for longer, up to this.</summary>
    public const int StallSecondsMax = 120;

    /// <summary>A snapshot keeps the database from tidying up, so no stream may hold one for longer.</summary>
    public const int StreamMinutesMax = 60;

    /// <summary>An import of all or nothing is one transaction for as long.</summary>
    public const int ImportMinutesMax = 60;

    /// <summary>An import goes on for so long once the server is told to stop; then it is answered.</summary>
    public const int ImportStopSeconds = 20;
}
