using Orderly.Server.Changes;
using Orderly.Server.Configuration;
using Orderly.Server.Startup;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Privacy;

/// <summary>A database in which an older server left personal data in the clear.</summary>
public sealed class OldDatabase(TestCluster cluster) : RunningServer(cluster)
{
    public const string Order = "019ab2c3-5f0e-7cc1-9d55-0242ac120002";

    /// <summary>The second version cleared what the first had; the third has something again.</summary>
    public const string Cleared = "019ab2c3-5f0e-7cc1-9d55-0242ac120003";

    private const string Fill =
        """
        alter table revisions drop constraint revisions_personal_sealed;
        alter table orders drop constraint orders_personal_sealed;
        create function old_write(id uuid, v integer, data text) returns void language plpgsql as $$
        begin
            if v = 1 then
                insert into orders (order_id, write_id, version, status, team, datetime, totalfee, totalfee_stated,
                    content, personal, created_at, created_by, updated_at, updated_by)
                values (id, gen_random_uuid(), 1, 'placed', 'internal', '2026-11-23T09:30:00Z', 1, true,
                    '{"datetime":"2026-11-23T09:30:00Z","totalfee":1,"currency":"USD","services":[],'
                    || '"adjustment":1,"reference":null,"metadata":{}}', convert_to(data, 'UTF8'),
                    now() - interval '1 day', 'old', now() - interval '1 day', 'old');
            else
                update orders set version = v, write_id = gen_random_uuid(), personal = convert_to(data, 'UTF8'),
                    updated_at = updated_at + interval '1 second' where order_id = id;
            end if;
            insert into revisions (order_id, version, write_id, kind, recorded_at, actor, status, deleted, content,
                personal, totalfee_stated, personal_salt, personal_commitment, hash)
            select order_id, v, write_id, case v when 1 then 'placed' else 'updated' end, updated_at, 'old', status,
                false, content, personal, true, case when personal is not null then 'sixteen of salt.'::bytea end,
                sha256('sixteen of salt.' || personal),
                revision_hash(
                    case v when 1 then decode(repeat('00', 32), 'hex') else (
                        select p.hash from revisions p where p.order_id = id and p.version = v - 1) end,
                    order_id, number, team, created_at, created_by, v, write_id,
                    case v when 1 then 'placed' else 'updated' end, updated_at, 'old', null, status, false, true,
                    content, sha256('sixteen of salt.' || personal))
            from orders where order_id = id;
            insert into pending values (id, v);
        end $$;
        """;

    public static string Data(string name) =>
        $$"""{"customer":{"name":"{{name}}","email":"{{name}}@example.com","phone":null},"notes":null}""";

    protected override IReadOnlyList<(string Name, string Value)> Settings => [("Orders:UpdatableAfter", "00:00:00")];

    protected override async Task<TestDatabase> OpenDatabaseAsync()
    {
        var database = await base.OpenDatabaseAsync();
        await database.ExecuteAsync(Fill);
        await WriteAsync(database, Order, 1, Data("ada"));
        await WriteAsync(database, Order, 2, Data("grace"));
        await WriteAsync(database, Cleared, 1, Data("joan"));
        await WriteAsync(database, Cleared, 2, data: null);
        for (var i = 0; i < 600; i++)
        {
            await WriteAsync(database, $"019ab2c3-5f0e-7cc1-9d55-1242ac12{i:d4}", 1, Data("crowd"));
        }

        await database.ExecuteAsync(
            """
            alter table orders add constraint orders_personal_sealed
                check (substring(personal from 1 for 1) in ('\x01', '\x02')) not valid;
            alter table revisions add constraint revisions_personal_sealed
                check (substring(personal from 1 for 1) in ('\x01', '\x02')) not valid
            """);
        return database;
    }

    private static Task<int> WriteAsync(TestDatabase database, string id, int version, string? data) =>
        database.ExecuteAsync(
            "select old_write($1, $2, nullif($3, ''))", Guid.Parse(id), version, data ?? "");
}

/// <summary>What an older server left in the clear is encrypted when this one starts, and its log stays true.</summary>
public sealed class OldDatabaseTests(OldDatabase server) : IClassFixture<OldDatabase>
{
    private readonly Api _api = server.Api;

    [Fact]
    public async Task Nothing_is_in_the_clear_any_more_and_all_is_read_as_before()
    {
        (await server.Database.SingleAsync<long>(
            "select count(*) from revisions where personal is not null and (get_byte(personal, 0) <> 2 "
            + "or personal_salt is not null) and kind = 'placed' and actor = 'old'")).ShouldBe(0);
        (await server.Database.SingleAsync<long>(
            "select count(*) from orders where position('@example.com'::bytea in personal) > 0"))
            .ShouldBe(0);

        (await _api.GetAsync("/orders/" + OldDatabase.Order)).ShouldBe(200).String("customer/name").ShouldBe("grace");
        (await _api.GetAsync($"/orders/{OldDatabase.Order}/revisions/1")).ShouldBe(200)
            .String("order/customer/name").ShouldBe("ada");
        (await _api.GetAsync("/orders?customer.email=Grace@example.com")).ShouldBe(200).At("data").GetArrayLength()
            .ShouldBe(1);
    }

    [Fact]
    public async Task The_log_can_be_verified_with_the_keys_and_says_so_without()
    {
        var settings = new PrivacySettings { KeyFile = server.KeyFile };
        (await VerifyAsync(VerifyLog.SaltedOpener(settings))).ShouldBeEmpty();
        (await VerifyAsync(open: null)).ShouldContain(finding =>
            finding.Contains(OldDatabase.Order + " version 1: personal data can be checked only where the key"));
    }

    [Fact]
    public async Task New_data_goes_under_the_key_that_the_older_versions_got()
    {
        var path = "/orders/" + OldDatabase.Cleared;
        (await _api.PatchAsync(path, """{"notes": "back again"}""")).ShouldBe(200);

        (await _api.GetAsync(path)).ShouldBe(200).String("notes").ShouldBe("back again");
        (await _api.GetAsync(path + "/revisions/1")).ShouldBe(200).String("order/customer/name").ShouldBe("joan");
        (await _api.PostAsync(path + "/erase", """{"reason": "test"}""")).ShouldBe(200);
        (await _api.GetAsync(path + "/revisions/1")).ShouldBe(200).Raw("order/customer").ShouldBe("null");
        (await VerifyAsync(VerifyLog.SaltedOpener(new PrivacySettings { KeyFile = server.KeyFile }))).ShouldBeEmpty();
    }

    private async Task<List<string>> VerifyAsync(Func<Guid, byte[], Server.Privacy.WrappedKey, byte[]?>? open)
    {
        var findings = new List<string>();
        await using var connection = await server.Database.OpenAsync();
        new LogVerifier(
            key: null, kept: [], TimeProvider.System, finding => findings.Add(finding.ToString()), (_, _) => { }, open)
            .Run(connection);
        return findings;
    }
}
