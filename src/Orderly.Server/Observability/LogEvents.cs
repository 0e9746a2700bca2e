namespace Orderly.Server.Observability;

/// <summary>
/// Everything that the service says in its log, with an id that stays. No entry holds a request body, a key or
/// personal data.
/// </summary>
internal static partial class LogEvents
{
    private const string RequestLine =
        "{Method} {Route} {Status} in {DurationMs} ms, key {KeyId}, {Bytes} bytes, {Rows} rows, {Code}";

    [LoggerMessage(1000, LogLevel.Information, "Applied migration {Migration}")]
    public static partial void MigrationApplied(ILogger log, string migration);

    [LoggerMessage(1001, LogLevel.Information, "Loaded sample data: {Services} service records, {Orders} orders")]
    public static partial void SampleDataLoaded(ILogger log, int services, int orders);

    [LoggerMessage(1002, LogLevel.Warning, "Embedded PostgreSQL: {Progress}")]
    public static partial void EmbeddedPostgresProgress(ILogger log, string progress);

    [LoggerMessage(1003, LogLevel.Information, "Waiting for the database: {Reason}")]
    public static partial void WaitingForDatabase(ILogger log, string reason);

    [LoggerMessage(1004, LogLevel.Information, "Gave {Count} orders the terms that lists find them by")]
    public static partial void TermsFilled(ILogger log, int count);

    [LoggerMessage(1005, LogLevel.Warning, "A changed file of settings can't be read and does not count: {Reason}")]
    public static partial void SettingsUnreadable(ILogger log, string reason);

    [LoggerMessage(2000, LogLevel.Warning,
        "A group of {Count} writes was refused by the database ({SqlState}) and is tried one by one")]
    public static partial void GroupSplit(ILogger log, int count, string sqlState);

    [LoggerMessage(2001, LogLevel.Warning, "Attempt {Attempt} at a group of {Count} writes failed: {Reason}")]
    public static partial void GroupRetried(ILogger log, int attempt, int count, string reason);

    [LoggerMessage(2002, LogLevel.Warning,
        "The sequencer of the feed failed and goes on in {DelaySeconds} s: {Reason}")]
    public static partial void SequencerFailed(ILogger log, int delaySeconds, string reason);

    [LoggerMessage(2003, LogLevel.Warning, "Used idempotency keys could not be expired, and will be later: {Reason}")]
    public static partial void ExpiryFailed(ILogger log, string reason);

    [LoggerMessage(2004, LogLevel.Warning, "A look at the feed failed, and is taken again: {Reason}")]
    public static partial void LookFailed(ILogger log, string reason);

    [LoggerMessage(2005, LogLevel.Warning,
        "When keys were last used could not be written down, and will be with their next use: {Reason}")]
    public static partial void KeyUseNotRecorded(ILogger log, string reason);

    [LoggerMessage(2006, LogLevel.Warning, "The database does not answer: {Reason}")]
    public static partial void DatabaseLost(ILogger log, string reason);

    [LoggerMessage(2007, LogLevel.Information, "The database answers again, after {Seconds} s")]
    public static partial void DatabaseBack(ILogger log, double seconds);

    [LoggerMessage(2008, LogLevel.Warning,
        "Helper lane {Lane} got no connection and leaves its writes to the first lane: {Reason}")]
    public static partial void HelperIdle(ILogger log, int lane, string reason);

    [LoggerMessage(2100, LogLevel.Warning, "No checkpoints of the log are signed, since there is no key: {Reason}")]
    public static partial void CheckpointKeyUnusable(ILogger log, string reason);

    [LoggerMessage(2101, LogLevel.Error,
        "No checkpoints of the log are signed any more, since {Reason}; run the command verify")]
    public static partial void CheckpointsStopped(ILogger log, string reason);

    [LoggerMessage(2102, LogLevel.Warning, "The newest checkpoint is in the database only: {Reason}")]
    public static partial void CheckpointNotKept(ILogger log, string reason);

    [LoggerMessage(2200, LogLevel.Error,
        "ALERT: personal data of order {OrderId} is not what was stored, or its key is not; run the command verify")]
    public static partial void PersonalDataUnreadable(ILogger log, Guid orderId);

    [LoggerMessage(2201, LogLevel.Information, "Version {Version} of the key of personal data is used from now on")]
    public static partial void KeyVersionUsed(ILogger log, int version);

    [LoggerMessage(2202, LogLevel.Information, "Wrapped {Count} data keys anew so far, with version {Version}")]
    public static partial void KeysRewrapped(ILogger log, long count, int version);

    [LoggerMessage(2203, LogLevel.Information,
        "Wrapped {Count} data keys anew with version {Version}, and {Unreadable} could not be: older versions are "
        + "not needed for the others any more")]
    public static partial void RewrapFinished(ILogger log, long count, long unreadable, int version);

    [LoggerMessage(2204, LogLevel.Warning,
        "The key file was not taken over, or not all is wrapped anew; tried again in {DelaySeconds} s: {Reason}")]
    public static partial void KeyRefreshFailed(ILogger log, int delaySeconds, string reason);

    [LoggerMessage(2205, LogLevel.Information, "Encrypted {Count} versions that were in the clear so far")]
    public static partial void PersonalDataSealed(ILogger log, long count);

    [LoggerMessage(3000, LogLevel.Error, "{Method} {Route} failed, trace {TraceId}")]
    public static partial void RequestFailed(
        ILogger log, Exception exception, string method, string route, string traceId);

    [LoggerMessage(3001, LogLevel.Error, "The database could not be used: {Reason}, trace {TraceId}")]
    public static partial void DatabaseFailed(ILogger log, string reason, string traceId);

    [LoggerMessage(3100, LogLevel.Information, RequestLine)]
    public static partial void Answered(
        ILogger log, string method, string route, int status, double durationMs, string? keyId, long? bytes,
        long? rows, string? code);

    [LoggerMessage(3101, LogLevel.Warning, "Late: " + RequestLine)]
    public static partial void AnsweredLate(
        ILogger log, string method, string route, int status, double durationMs, string? keyId, long? bytes,
        long? rows, string? code);

    [LoggerMessage(3102, LogLevel.Warning, "Failed: " + RequestLine)]
    public static partial void AnswerFailed(
        ILogger log, string method, string route, int status, double durationMs, string? keyId, long? bytes,
        long? rows, string? code);

    [LoggerMessage(4000, LogLevel.Warning,
        "A stream was cut off: its reader stood still for {StallSeconds} s or more, or it took {Minutes} min in all")]
    public static partial void StreamCutOff(ILogger log, int stallSeconds, int minutes);

    [LoggerMessage(4001, LogLevel.Warning,
        "The planner's statistics could not be renewed after an import; autovacuum will: {Reason}")]
    public static partial void StatisticsFailed(ILogger log, string reason);

    [LoggerMessage(5000, LogLevel.Information, "Serving with the certificate {Serial}, which ends on {EndsAt:u}")]
    public static partial void CertificateServed(ILogger log, string serial, DateTime endsAt);

    [LoggerMessage(5001, LogLevel.Warning,
        "The certificate {Serial} ends on {EndsAt:u}, in {Days} days; put a new one into its place")]
    public static partial void CertificateEndsSoon(ILogger log, string serial, DateTime endsAt, int days);

    [LoggerMessage(5002, LogLevel.Error,
        "The certificate {Serial} ended on {EndsAt:u}, and callers refuse it; put a new one into its place")]
    public static partial void CertificateEnded(ILogger log, string serial, DateTime endsAt);

    [LoggerMessage(5003, LogLevel.Error, "The certificate before stays in use, since the new one can't be: {Reason}")]
    public static partial void CertificateUnusable(ILogger log, string reason);

    [LoggerMessage(5010, LogLevel.Information,
        "A message that can't be read as a request was refused with {Status}: {Reason}, trace {TraceId}")]
    public static partial void MessageRefused(ILogger log, int status, string reason, string traceId);

    [LoggerMessage(5020, LogLevel.Warning,
        "The identity provider's keys could not be had, and are asked for again: {Reason}")]
    public static partial void ProviderUnavailable(ILogger log, string reason);
}
