using Npgsql;

namespace Orderly.Server.Database;

/// <summary>A connection as those hand it on who do not talk to it themselves.</summary>
internal sealed class DatabaseSession(NpgsqlConnection connection) : IAsyncDisposable
{
    /// <summary>For stores.</summary>
    public NpgsqlConnection Connection { get; } = connection;

    public static implicit operator DatabaseSession(NpgsqlConnection connection) => new(connection);

    /// <summary>Does the work in a transaction, which is committed if the work says so.</summary>
    /// <returns>What the work said.</returns>
    public async Task<bool> InTransactionAsync(Func<Task<bool>> work, CancellationToken stop)
    {
        await using var transaction = await Connection.BeginTransactionAsync(stop);
        if (!await work())
        {
            return false;
        }

        await transaction.CommitAsync(stop);
        return true;
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();
}
