using Npgsql;

namespace Orderly.Server.Database;

/// <summary>The first statements on a connection from a pool, where they may be done once more.</summary>
internal static class FirstUse
{
    /// <summary>How long the first statements of long work may take, which all take a moment.</summary>
    public const int TimeoutSeconds = 5;

    private const int AttemptsMax = 2;

    /// <summary>Reads, and lets the connection go again.</summary>
    /// <param name="source">The pool.</param>
    /// <param name="read">All of it, with short time limits; called for each attempt.</param>
    /// <param name="stop">Ends it early.</param>
    public static async Task<T> ReadAsync<T>(
        this NpgsqlDataSource source, Func<NpgsqlConnection, Task<T>> read, CancellationToken stop)
    {
        T result = default!;
        await using var connection = await source.BeginAsync(
            async connection => result = await read(connection), stop);
        return result;
    }

    /// <summary>
    /// A connection can break, or go silent, while it waits in the pool, which only shows when it is used; that says
    /// nothing of the database, only of the way to it, and the others in there went the same way. So they are let go,
    /// and it is begun once more on a new one.
    /// </summary>
    /// <param name="source">The pool.</param>
    /// <param name="begin">
    /// What comes first. Its statements have short time limits, and doing them twice is as good as once.
    /// </param>
    /// <param name="stop">Ends it early.</param>
    public static async Task<NpgsqlConnection> BeginAsync(
        this NpgsqlDataSource source, Func<NpgsqlConnection, Task> begin, CancellationToken stop)
    {
        for (var attempt = 1; ; attempt++)
        {
            var connection = await source.OpenConnectionAsync(stop);
            try
            {
                await begin(connection);
                return connection;
            }
            catch (Exception exception)
            {
                await connection.DisposeAsync();
                if (attempt == AttemptsMax || !DatabaseFailure.IsTransient(exception))
                {
                    throw;
                }

                source.Clear();
            }
        }
    }
}
