namespace Orderly.EndToEndTests.Checking;

/// <summary>Decides whether a history is one that a correct service can have had. Pure.</summary>
internal static class HistoryChecker
{
    /// <summary>Every violation; none: the history is a correct one.</summary>
    public static IReadOnlyList<Violation> Check(History history)
    {
        var log = new LogIndex(history.Final.Log);
        return
        [
            .. history.Unexpected.Select(answer => new Violation(Rule.NoUnexpectedAnswer,
                $"{answer.Marker} {answer.Request} was answered with {answer.Status}: {answer.Body}")),
            .. history.Final.Ended.Select(server => new Violation(Rule.NoServerEndsByItself, server)),
            .. WriteRules.Check(history, log),
            .. LogRules.Check(history.Final, log),
            .. FeedRules.Check(history.Final, log),
            .. ReadRules.Check(history, log),
        ];
    }
}

/// <summary>The log by order and by the operation that wrote each version.</summary>
internal sealed class LogIndex
{
    private readonly Dictionary<(Guid, int), LoggedVersion> _byVersion = [];

    public LogIndex(IReadOnlyList<LoggedVersion> log)
    {
        ByOrder = log.ToLookup(version => version.OrderId);
        ByMarker = log.Where(version => version.Marker is not null)
            .ToLookup(version => version.Marker!, StringComparer.Ordinal);
        foreach (var version in log)
        {
            _byVersion.TryAdd((version.OrderId, version.Version), version);
        }
    }

    public ILookup<Guid, LoggedVersion> ByOrder { get; }

    public ILookup<string, LoggedVersion> ByMarker { get; }

    public LoggedVersion? Find(Guid orderId, int version) => _byVersion.GetValueOrDefault((orderId, version));
}
