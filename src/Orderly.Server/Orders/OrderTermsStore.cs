using Npgsql;
using NpgsqlTypes;
using Orderly.Server.Database;
using Orderly.Server.Privacy;

namespace Orderly.Server.Orders;

/// <summary>
/// Gives terms to orders that have none: those written before there were terms, or by an older server beside this one.
/// </summary>
internal sealed class OrderTermsStore(WriteDataSource database, PersonalVault vault, OrderVault orders)
{
    private const int GroupSizeMax = 500;

    private const string SelectWithout =
        $"""
        select o.order_id, o.version, o.content, o.personal, {OrderKeyStore.OfOrder}
        from orders o
        where o.terms is null and o.order_id > $1
        order by o.order_id
        limit $2
        """;

    /// <summary>Who writes an order meanwhile gives it terms, too.</summary>
    private const string SetTerms =
        """
        update orders o
        set terms = string_to_array(w.terms, E'\n')
        from unnest($1, $2, $3) as w (order_id, version, terms)
        where o.order_id = any ($1) and o.order_id = w.order_id and o.version = w.version and o.terms is null
        """;

    /// <summary>Returns how many orders had none.</summary>
    public async Task<int> FillAsync(CancellationToken stop)
    {
        var total = 0;
        var after = Guid.Empty;
        await using var connection = await database.Source.OpenConnectionAsync(stop);
        while (await ReadAsync(connection, after, stop) is { Count: > 0 } group)
        {
            after = group[^1].Id;
            total += group.Count;
            await using var command = new NpgsqlCommand(SetTerms, connection);
            command.Parameters.Add(Parameters.Column(group, NpgsqlDbType.Uuid, order => order.Id));
            command.Parameters.Add(Parameters.Column(group, NpgsqlDbType.Integer, order => order.Version));
            command.Parameters.Add(Parameters.Column(group, NpgsqlDbType.Text, order => order.Terms));
            await command.ExecuteNonQueryAsync(stop);
        }

        return total;
    }

    private async Task<List<(Guid Id, int Version, string Terms)>> ReadAsync(
        NpgsqlConnection connection, Guid after, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(SelectWithout, connection);
        command.Parameters.Add(Parameters.Of(after));
        command.Parameters.Add(Parameters.Of(GroupSizeMax));
        await using var reader = await command.ExecuteReaderAsync(stop);
        var group = new List<(Guid, int, string)>(GroupSizeMax);
        while (await reader.ReadAsync(stop))
        {
            var personal = await vault.OpenAsync(reader.GetGuid(0), OrderStore.ReadPersonal(reader, 3));
            var content = OrderDocument.ReadContent(reader.GetFieldValue<byte[]>(2), personal.Json);
            group.Add((
                reader.GetGuid(0), reader.GetInt32(1), OrderTerms.TextOf(content, orders.TermOf(content))));
        }

        return group;
    }
}
