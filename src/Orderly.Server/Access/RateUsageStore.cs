using Npgsql;
using Orderly.Server.Database;

namespace Orderly.Server.Access;

/// <summary>What all servers together know of the use of quotas.</summary>
internal sealed class RateUsageStore(WriteDataSource writes)
{
    private const int TimeoutSeconds = 1;

    /// <summary>Adds use, and tells after how long the quota is whole again. More than a window is forgiven.</summary>
    private const string AddUse =
        """
        insert into rate_usage (key_id, kind, full_at) values ($1, $2, now() + $3::interval)
        on conflict on constraint rate_usage_pkey do update
        set full_at = least(greatest(rate_usage.full_at, now()) + $3::interval, now() + $4::interval)
        returning full_at - now()
        """;

    public async Task<TimeSpan> AddAsync(string keyId, string kind, TimeSpan growth, TimeSpan window)
    {
        await using var command = writes.Source.CreateCommand(AddUse);
        command.CommandTimeout = TimeoutSeconds;
        command.Parameters.Add(Parameters.Of(keyId));
        command.Parameters.Add(Parameters.Of(kind));
        command.Parameters.Add(Parameters.Of(growth));
        command.Parameters.Add(Parameters.Of(window));
        return (TimeSpan)(await command.ExecuteScalarAsync())!;
    }
}
