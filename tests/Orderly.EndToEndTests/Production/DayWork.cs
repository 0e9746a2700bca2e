namespace Orderly.EndToEndTests.Production;

/// <summary>What the clients do, and what the followers of the feed wait for.</summary>
internal enum DayWork
{
    Create,
    Update,

    /// <summary>A create that is sent again with its key.</summary>
    Repeat,

    /// <summary>An update of a version that is not the current one.</summary>
    StaleUpdate,
    Read,

    /// <summary>A read by someone who has the order already.</summary>
    ReadUnchanged,
    List,

    /// <summary>A list by a filter that one order matches.</summary>
    Find,

    /// <summary>From the answer of a write to its arrival at a follower by long polls.</summary>
    FeedByPoll,

    /// <summary>From the answer of a write to its arrival at a follower of the stream.</summary>
    FeedByStream,
}
