using Npgsql;
using NpgsqlTypes;
using Orderly.Server.Changes;
using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Services;

/// <summary>Reads and writes service records. Every write also moves the catalog's epoch on.</summary>
internal sealed class ServiceStore(ReadDataSource reads, WriteDataSource writes, Ids ids)
{
    private const int WriteTimeoutSeconds = 8;

    private const string Columns =
        "s.service_id, s.version, s.name, s.description, s.fee, s.currency, s.active, s.created_at, s.updated_at";

    private const string SelectOne = $"select {Columns} from services s where s.service_id = $1";

    /// <summary>Records are few; which of them are active needs no index.</summary>
    private const string FromListed = "from services s where (not $1 or s.active = $2)";
    private const string SelectPage = $"select {Columns} {FromListed}";
    private const string CountListed = $"select count(*) {FromListed}";

    /// <summary>One row even where no record is found, since the epoch is wanted all the same.</summary>
    private const string SelectCatalog =
        """
        select c.epoch, s.service_id, s.name, s.fee, s.currency, s.active
        from catalog_epoch c
        left join services s on s.service_id = any ($1)
        """;

    private const string Insert =
        """
        insert into services
            (service_id, version, name, description, fee, currency, active, created_at, created_by, updated_at,
             updated_by)
        values ($1, 1, $2, $3, $4, $5, $6, now(), $7, now(), $7)
        on conflict on constraint services_pkey do nothing
        returning version, created_at, updated_at
        """;

    private const string Update =
        """
        update services s
        set version = s.version + 1, name = $2, description = $3, fee = $4, currency = $5, active = $6,
            updated_at = greatest(now(), s.updated_at + interval '1 microsecond'), updated_by = $7
        where s.service_id = $1 and s.version = $8
        returning s.version, s.created_at, s.updated_at
        """;

    private const string MoveEpoch = "update catalog_epoch set epoch = epoch + 1";

    public Task<Service?> FindAsync(string id, CancellationToken stop) => reads.LookUpAsync(
        SelectOne, parameters => parameters.Add(Parameters.Of(id)),
        async reader => await reader.ReadAsync(stop) ? Read(reader) : null, stop);

    /// <summary>Whether there is any record.</summary>
    public async Task<bool> AnyAsync(CancellationToken stop) =>
        (await ListAsync(1, new Sort(ListServices.Id, IsDescending: false), after: null, active: null, stop)).Count > 0;

    /// <summary>Records in order, behind a position.</summary>
    public Task<List<Service>> ListAsync(
        int count, Sort sort, ServicePosition? after, bool? active, CancellationToken stop)
    {
        (string Column, Func<ServicePosition, NpgsqlParameter> Key) by = sort.Field switch
        {
            ListServices.Name => ("s.name", position => Parameters.Of(position.Name)),
            ListServices.CreatedAt => ("s.created_at", position => Parameters.Of(position.At ?? default)),
            ListServices.UpdatedAt => ("s.updated_at", position => Parameters.Of(position.At ?? default)),
            _ => ("s.service_id", position => Parameters.Of(position.Id)),
        };
        var behind = after is null ? "" : $"and ({by.Column}, s.service_id) {(sort.IsDescending ? '<' : '>')} ($4, $5)";
        var direction = sort.IsDescending ? "desc" : "asc";
        return reads.LookUpAllAsync(
            $"{SelectPage} {behind} order by {by.Column} {direction}, s.service_id {direction} limit $3",
            parameters =>
            {
                AddFilter(parameters, active);
                parameters.Add(Parameters.Of(count));
                if (after is not null)
                {
                    parameters.Add(by.Key(after));
                    parameters.Add(Parameters.Of(after.Id));
                }
            },
            Read, stop);
    }

    /// <summary>How many records there are in all.</summary>
    public async Task<long> CountAsync(bool? active, CancellationToken stop) => (await reads.LookUpAllAsync(
        CountListed, parameters => AddFilter(parameters, active), row => row.GetInt64(0), stop))[0];

    /// <summary>What orders need of these records, and the epoch at which it was read.</summary>
    public Task<(long Epoch, List<CatalogEntry> Entries)> ReadCatalogAsync(string[] ids) => reads.LookUpAsync(
        SelectCatalog, parameters => parameters.Add(Parameters.Column(ids, NpgsqlDbType.Text, id => id)),
        async reader =>
        {
            var epoch = 0L;
            var entries = new List<CatalogEntry>(ids.Length);
            while (await reader.ReadAsync())
            {
                epoch = reader.GetInt64(0);
                if (!reader.IsDBNull(1))
                {
                    entries.Add(new CatalogEntry(
                        reader.GetString(1), reader.GetString(2), reader.IsDBNull(3) ? null : reader.GetDecimal(3),
                        reader.GetString(4), reader.GetBoolean(5)));
                }
            }

            return (epoch, entries);
        },
        CancellationToken.None);

    /// <summary>
    /// Stores the record, new (version 1) or on top of the version before, and uses the key up with it. Null: somebody
    /// else was faster, or the key is used already, and nothing is stored.
    /// </summary>
    /// <exception cref="UncertainWriteException">The database was lost while it stored.</exception>
    public async Task<Service?> StoreAsync(Service service, string actor, IdempotencyClaim? claim)
    {
        await using var session = await writes.OpenAsync(CancellationToken.None);
        try
        {
            return claim is null
                ? await StoreAsync(session, service, actor) // one batch is a transaction of its own
                : await StoreOnceAsync(session, service, actor, claim);
        }
        catch (NpgsqlException exception) when (DatabaseFailure.IsLost(exception))
        {
            throw new UncertainWriteException(exception);
        }
    }

    private async Task<Service?> StoreOnceAsync(
        DatabaseSession session, Service service, string actor, IdempotencyClaim claim)
    {
        Service? stored = null;
        var isDone = await session.InTransactionAsync(
            async () =>
            {
                stored = await StoreAsync(session, service, actor);
                return stored is not null && await IdempotencyStore.RecordAsync(session, claim, ids.Next(),
                    new KeyUse(Guid.Empty, stored.Version, ServiceDocument.ToBytes(stored)));
            },
            CancellationToken.None);
        return isDone ? stored : null;
    }

    private static async Task<Service?> StoreAsync(DatabaseSession session, Service service, string actor)
    {
        await using var batch = new NpgsqlBatch(session.Connection) { Timeout = WriteTimeoutSeconds };
        var isNew = service.Version == 1;
        var store = new NpgsqlBatchCommand(isNew ? Insert : Update)
        {
            Parameters =
            {
                Parameters.Of(service.Id), Parameters.Of(service.Name), Parameters.Of(service.Description),
                Parameters.Of(service.Fee), Parameters.Of(service.Currency), Parameters.Of(service.Active),
                Parameters.Of(actor),
            },
        };
        if (!isNew)
        {
            store.Parameters.Add(Parameters.Of(service.Version - 1));
        }

        batch.BatchCommands.Add(store);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(MoveEpoch));
        Service? stored = null;
        await using (var reader = await batch.ExecuteReaderAsync())
        {
            if (await reader.ReadAsync())
            {
                stored = service with
                {
                    Version = reader.GetInt32(0),
                    CreatedAt = reader.GetDateTime(1),
                    UpdatedAt = reader.GetDateTime(2),
                };
            }
        }

        // The reader's end is the commit of the batch.
        return stored;
    }

    private static Service Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetString(0),
        Version = row.GetInt32(1),
        Name = row.GetString(2),
        Description = row.IsDBNull(3) ? null : row.GetString(3),
        Fee = row.IsDBNull(4) ? null : row.GetDecimal(4),
        Currency = row.GetString(5),
        Active = row.GetBoolean(6),
        CreatedAt = row.GetDateTime(7),
        UpdatedAt = row.GetDateTime(8),
    };

    private static void AddFilter(NpgsqlParameterCollection parameters, bool? active)
    {
        parameters.Add(Parameters.Of(active is not null));
        parameters.Add(Parameters.Of(active ?? false));
    }
}
