using System.Net.Sockets;
using Npgsql;

namespace Orderly.Server.Database;

/// <summary>What an exception of the database means, told by its SqlState and never by its text.</summary>
internal static class DatabaseFailure
{
    /// <summary>
    /// Whether the database was lost, is locked or has no room, as against a statement that it refused.
    /// </summary>
    public static bool IsLost(Exception exception) => exception switch
    {
        PostgresException { SqlState: ['5', '7', ..] or ['5', '3', ..] or ['0', '8', ..] } => true,
        PostgresException
        {
            SqlState: PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.LockNotAvailable,
        } => true,
        PostgresException => false,
        NpgsqlException or TimeoutException or SocketException => true,
        _ => false,
    };

    /// <summary>
    /// Whether the database lives but refused the whole transaction for a reason of its own (it only reads, a disk or
    /// a list of connections is full), so that nothing of it was stored, and any other would be refused, too.
    /// </summary>
    public static bool IsWithoutEffect(Exception exception) => exception is PostgresException
    {
        SqlState: PostgresErrorCodes.ReadOnlySqlTransaction or ['5', '3', ..],
    };

    /// <summary>What a caller is told of a lost database.</summary>
    public static string Explain(Exception exception) => StateOf(exception) switch
    {
        PostgresErrorCodes.ReadOnlySqlTransaction =>
            "The database only reads at the moment; reading goes on.",
        PostgresErrorCodes.LockNotAvailable => "Somebody keeps a table of the database locked at the moment.",
        PostgresErrorCodes.DiskFull => "The database has no room left; reading goes on.",
        PostgresErrorCodes.TooManyConnections => "The database has no connection left.",
        ['5', '3', ..] => "The database lacks a resource that it needs.",
        _ => "The database can't be reached at the moment.",
    };

    /// <summary>Lost connections, and what PostgreSQL says while it stops, starts or breaks a deadlock.</summary>
    public static bool IsTransient(Exception exception) => exception switch
    {
        PostgresException { SqlState: ['5', '7', 'P', '0', ..] or ['0', '8', ..] } => true,
        PostgresException postgres => postgres.SqlState
            is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure,
        NpgsqlException => true,
        _ => false,
    };

    /// <summary>Whether the database refused a statement that it would refuse again.</summary>
    public static bool IsRefusal(Exception exception) => exception is PostgresException && !IsTransient(exception);

    /// <summary>Whether the statement ran longer than its connection lets it.</summary>
    public static bool IsTimeLimit(PostgresException exception) =>
        exception.SqlState == PostgresErrorCodes.QueryCanceled;

    /// <summary>Whether the exception is the database's at all.</summary>
    public static bool IsDatabase(Exception exception) => exception is NpgsqlException;

    /// <summary>The five letters of PostgreSQL's code; empty where the exception has none.</summary>
    public static string StateOf(Exception exception) => (exception as NpgsqlException)?.SqlState ?? "";
}
