namespace Orderly.Server.Http;

/// <summary>The body of a write on what has versions, read strictly.</summary>
internal interface IWriteInput
{
    /// <summary>What is wrong with it.</summary>
    Faults Faults { get; }

    /// <summary>The version that the write is based on; it acts as If-Match does.</summary>
    int? Version { get; }
}
