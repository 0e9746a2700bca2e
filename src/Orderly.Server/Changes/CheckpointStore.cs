using Npgsql;
using Orderly.Server.Database;

namespace Orderly.Server.Changes;

/// <summary>A checkpoint as it is stored.</summary>
internal sealed record StoredCheckpoint(long Size, string Note, byte[] Frontier);

/// <summary>Reads and writes signed checkpoints, and reads the leaves that a new one takes in.</summary>
internal static class CheckpointStore
{
    private const string SelectNewest =
        "select tree_size, note, frontier from checkpoints order by tree_size desc limit 1";

    private const string SelectLeaves =
        "select position, leaf from feed where position > $1 order by position limit $2";

    private const string Insert = "insert into checkpoints (tree_size, note, frontier) values ($1, $2, $3)";

    public static async Task<StoredCheckpoint?> FindNewestAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(SelectNewest, connection);
        await using var reader = await command.ExecuteReaderAsync(stop);
        return await reader.ReadAsync(stop)
            ? new StoredCheckpoint(reader.GetInt64(0), reader.GetString(1), reader.GetFieldValue<byte[]>(2))
            : null;
    }

    /// <summary>Appends the leaves that follow, at most so many. False: one is missing.</summary>
    public static async Task<bool> AppendLeavesAsync(
        NpgsqlConnection connection, MerkleFrontier tree, int count, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(SelectLeaves, connection);
        command.Parameters.Add(Parameters.Of(tree.Size));
        command.Parameters.Add(Parameters.Of(count));
        await using var reader = await command.ExecuteReaderAsync(stop);
        while (await reader.ReadAsync(stop))
        {
            if (reader.GetInt64(0) != tree.Size + 1)
            {
                return false;
            }

            tree.Append(reader.GetFieldValue<byte[]>(1));
        }

        return true;
    }

    public static async Task AddAsync(
        NpgsqlConnection connection, SignedNote note, MerkleFrontier tree, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(Insert, connection);
        command.Parameters.Add(Parameters.Of(tree.Size));
        command.Parameters.Add(Parameters.Of(note.ToString()));
        command.Parameters.Add(Parameters.Of(tree.ToBytes().ToArray()));
        await command.ExecuteNonQueryAsync(stop);
    }
}
