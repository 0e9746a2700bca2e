using System.Net.Sockets;
using Npgsql;

namespace Orderly.Server.Database;

/// <summary>What an exception of the database means, told by its SqlState and never by its text.</summary>
internal static class DatabaseFailure
{
    /// <summary>Whether the database was lost or has no room, as against a statement that it refused.</summary>
    public static bool IsLost(Exception exception) => exception switch
    {
        PostgresException { SqlState: ['5', '7', ..] or ['5', '3', ..] or ['0', '8', ..] } => true,
        PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction } => true,
        PostgresException => false,
        NpgsqlException or TimeoutException or SocketException => true,
        _ => false,
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
