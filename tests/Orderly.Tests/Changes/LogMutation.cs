namespace Orderly.Tests.Changes;

/// <summary>Makes up, by chance, changes that somebody with all rights on the database could make.</summary>
internal sealed class LogMutation(Random random, int versions, string order)
{
    /// <summary>Columns and how each is changed: always into something else.</summary>
    private static readonly (string Table, string Column, string Change)[] Edits =
    [
        .. Of("revisions", "write_id", "{0} = gen_random_uuid()"),
        .. Of("revisions", "order_id", "{0} = gen_random_uuid()"),
        .. Of("revisions", "version", "{0} = {0} + 50"),
        .. Of("revisions", "kind", "{0} = case {0} when 'updated' then 'reverted' else 'updated' end"),
        .. Of("revisions", "kind", "{0} = case {0} when 'deleted' then 'restored' else 'deleted' end"),
        .. Of("revisions", "recorded_at", "{0} = {0} + interval '1 microsecond'"),
        .. Of("revisions", "recorded_at", "{0} = {0} - interval '1 year'"),
        .. Of("revisions", "actor", "{0} = {0} || ' '"),
        .. Of("revisions", "actor", "{0} = ''"),
        .. Of("revisions", "reason", "{0} = case when {0} is null then '' end"),
        .. Of("revisions", "reason", "{0} = coalesce({0}, '') || 'x'"),
        .. Of("revisions", "status", "{0} = case {0} when 'placed' then 'confirmed' else 'placed' end"),
        .. Of("revisions", "deleted", "{0} = not {0}"),
        .. Of("revisions", "totalfee_stated", "{0} = not {0}"),
        .. Of("revisions", "totalfee_stated", "{0} = null"),
        .. Of("revisions", "content", "{0} = replace({0}, '5', '6') || ' '"),
        .. Of("revisions", "content", "{0} = overlay({0} placing '~' from 1 + $n % length({0}) for 1)"),
        .. Of("revisions", "personal", "{0} = set_byte({0}, $n % length({0}), get_byte({0}, $n % length({0})) # 1)"),
        .. Of("revisions", "personal", "{0} = null"),
        .. Of("revisions", "personal", "{0} = null, personal_salt = null"),
        .. Of("revisions", "personal", "{0} = null, personal_salt = null, personal_commitment = null"),
        .. Of("revisions", "personal",
            "{0} = 'x', personal_salt = 'y', personal_commitment = sha256('yx')"),
        .. Of("revisions", "personal_salt", "{0} = {0} || 'x'"),
        .. Of("revisions", "personal_commitment", "{0} = sha256({0})"),
        .. Of("revisions", "hash", "{0} = set_bit({0}, $n % 256, 1 - get_bit({0}, $n % 256))"),
        .. Of("orders", "order_id", "{0} = gen_random_uuid()"),
        .. Of("orders", "write_id", "{0} = gen_random_uuid()"),
        .. Of("orders", "number", "{0} = {0} + 100000"),
        .. Of("orders", "version", "{0} = {0} + 1"),
        .. Of("orders", "version", "{0} = 1 + {0} % 2"),
        .. Of("orders", "status", "{0} = case {0} when 'placed' then 'confirmed' else 'placed' end"),
        .. Of("orders", "team", "{0} = {0} || 'x'"),
        .. Of("orders", "datetime", "{0} = {0} + interval '1 microsecond'"),
        .. Of("orders", "totalfee", "{0} = {0} + 0.01"),
        .. Of("orders", "totalfee", "{0} = ({0}::text || '0')::numeric"),
        .. Of("orders", "totalfee_stated", "{0} = not {0}"),
        .. Of("orders", "reference", "{0} = case when {0} is null then 'x' end"),
        .. Of("orders", "reference", "{0} = coalesce({0}, '') || 'x'"),
        .. Of("orders", "content", "{0} = {0} || ' '"),
        .. Of("orders", "personal", "{0} = coalesce({0}, '') || 'x'"),
        .. Of("orders", "personal", "{0} = null"),
        .. Of("orders", "created_at", "{0} = {0} - interval '1 microsecond'"),
        .. Of("orders", "created_by", "{0} = {0} || 'x'"),
        .. Of("orders", "updated_at", "{0} = {0} + interval '1 microsecond'"),
        .. Of("orders", "updated_by", "{0} = {0} || 'x'"),
        .. Of("orders", "deleted_at", "{0} = case when {0} is null then now() end"),
        .. Of("orders", "deleted_at", "{0} = coalesce({0}, now()) + interval '1 microsecond'"),
        .. Of("feed", "position", "{0} = {0} + 1000"),
        .. Of("feed", "order_id", "{0} = gen_random_uuid()"),
        .. Of("feed", "version", "{0} = {0} + 1"),
        .. Of("feed", "appended_at", "{0} = {0} + interval '1 microsecond'"),
        .. Of("feed", "leaf", "{0} = set_bit({0}, $n % 256, 1 - get_bit({0}, $n % 256))"),
        .. Of("feed_bounds", "last_position", "{0} = {0} + 1"),
        .. Of("checkpoints", "tree_size", "{0} = {0} - 1"),
        .. Of("checkpoints", "tree_size", "{0} = {0} + 1000"),
        .. Of("checkpoints", "note", "{0} = overlay({0} placing '~' from 1 + $n % length({0}) for 1)"),
        .. Of("checkpoints", "note", "{0} = {0} || 'x'"),
        .. Of("checkpoints", "frontier", "{0} = set_bit({0}, $n % 256, 1 - get_bit({0}, $n % 256))"),
    ];

    private static readonly (string Table, string[] Columns)[] Swaps =
    [
        ("revisions", ["hash"]),
        ("revisions", ["content"]),
        ("revisions", ["write_id", "kind", "recorded_at", "actor", "reason", "status", "deleted", "content",
            "personal", "totalfee_stated", "personal_salt", "personal_commitment"]),
        ("revisions", ["write_id", "kind", "recorded_at", "actor", "reason", "status", "deleted", "content",
            "personal", "totalfee_stated", "personal_salt", "personal_commitment", "hash"]),
        ("feed", ["leaf"]),
        ("feed", ["order_id", "version"]),
        ("feed", ["order_id", "version", "appended_at", "leaf"]),
        ("orders", ["number"]),
        ("orders", ["updated_at"]),
        ("orders", ["content", "personal", "datetime", "totalfee", "reference"]),
        ("checkpoints", ["note"]),
        ("checkpoints", ["note", "frontier"]),
    ];

    private static readonly Dictionary<string, string> Keys = new()
    {
        ["revisions"] = "order_id, version", ["orders"] = "order_id", ["feed"] = "position",
        ["feed_bounds"] = "only_row", ["checkpoints"] = "tree_size",
    };

    /// <summary>One of them by chance, as SQL; <c>$n</c> is a number by chance.</summary>
    public string Next() => random.Next(10) switch
    {
        < 5 => Edit(Edits[random.Next(Edits.Length)]),
        5 => Delete(),
        6 => Swap(),
        7 => Truncate(random.Next(1, versions)),
        8 => Rebuild(),
        _ => Insert(),
    };

    /// <summary>Cuts off the newest entries in all tables alike, and sets the orders back to what is left.</summary>
    public static string Truncate(int count) =>
        $"""
        create temporary table cut on commit drop as
            select * from feed where position > (select last_position - {count} from feed_bounds);
        delete from revisions r using cut c where c.order_id = r.order_id and c.version = r.version;
        delete from feed where position in (select position from cut);
        delete from checkpoints where tree_size > (select last_position - {count} from feed_bounds);
        update feed_bounds set last_position = last_position - {count};
        delete from orders o where not exists (select from revisions r where r.order_id = o.order_id);
        update orders o
        set version = r.version, write_id = r.write_id, status = r.status, content = r.content,
            personal = r.personal, totalfee_stated = r.totalfee_stated, updated_at = r.recorded_at,
            updated_by = r.actor, deleted_at = case when r.deleted then r.recorded_at end,
            datetime = (r.content::json->>'datetime')::timestamptz, totalfee = (r.content::json->>'totalfee')::numeric,
            reference = r.content::json->>'reference'
        from revisions r
        where r.order_id = o.order_id and r.version < o.version
            and r.version = (select max(version) from revisions m where m.order_id = o.order_id)
        """;

    /// <summary>Edits a version and makes everything after it right again: hashes, the order, leaves.</summary>
    public static string Rebuild(string order, int version, bool dropCheckpoints) =>
        $"""
        update revisions set actor = actor || '!' where order_id = '{order}' and version = {version};
        update orders set updated_by = updated_by || '!' where order_id = '{order}' and version = {version};
        do $$ begin for v in {version}..(select version from orders where order_id = '{order}') loop
            update revisions r
            set hash = revision_hash(
                coalesce((select p.hash from revisions p where p.order_id = r.order_id and p.version = v - 1),
                    decode(repeat('00', 32), 'hex')),
                r.order_id, o.number, o.team, o.created_at, o.created_by, r.version, r.write_id, r.kind, r.recorded_at,
                r.actor, r.reason, r.status, r.deleted, r.totalfee_stated, r.content, r.personal_commitment)
            from orders o
            where o.order_id = r.order_id and r.order_id = '{order}' and r.version = v;
        end loop; end $$;
        update feed f
        set leaf = feed_leaf(f.position, f.order_id, f.version, f.appended_at, r.hash)
        from revisions r
        where r.order_id = f.order_id and r.version = f.version and f.order_id = '{order}';
        {(dropCheckpoints ? "delete from checkpoints" : "")}
        """;

    private static (string, string, string)[] Of(string table, string column, string change) =>
        [(table, column, change)];

    private string Edit((string Table, string Column, string Change) edit) =>
        $"update {edit.Table} set {edit.Change.Replace("{0}", edit.Column).Replace("$n", $"{random.Next(100_000)}")} "
        + $"where {Row(edit.Table)}";

    /// <summary>A condition that one row by chance meets.</summary>
    private string Row(string table) =>
        $"({Keys[table]}) = (select {Keys[table]} from {table} order by md5({table}::text || '{random.Next()}') limit 1)";

    private string Delete() => random.Next(3) switch
    {
        0 => $"delete from revisions where {Row("revisions")}",
        1 => $"delete from orders where {Row("orders")}",
        _ => $"delete from feed where {Row("feed")}",
    };

    private string Rebuild() => Rebuild(order, random.Next(1, 9), random.Next(2) == 0);

    private string Insert() => random.Next(3) switch
    {
        0 => $"insert into pending select order_id, version from revisions where {Row("revisions")}",
        1 => "insert into feed select b.last_position + 1, f.order_id, f.version, f.appended_at, feed_leaf("
            + "b.last_position + 1, f.order_id, f.version, f.appended_at, r.hash) from feed f "
            + "join revisions r using (order_id, version) cross join feed_bounds b "
            + $"where f.{Row("feed")[1..].Replace("position) =", "position =")}; "
            + "update feed_bounds set last_position = last_position + 1",
        _ => "insert into revisions select order_id, version + 50, write_id, kind, recorded_at, actor, reason, "
            + "status, deleted, content, personal, totalfee_stated, personal_salt, personal_commitment, hash "
            + $"from revisions where {Row("revisions")}",
    };

    /// <summary>Two rows change places in some of their columns.</summary>
    private string Swap()
    {
        var (table, columns) = Swaps[random.Next(Swaps.Length)];
        var keys = Keys[table].Split(", ");
        var isKey = string.Join(" and ", keys.Select(key => $"t.{key} = me.{key}"));
        return $"create temporary table pair on commit drop as select {Keys[table]}, "
            + string.Join(", ", columns.Select(column => $"{column} as new_{column}"))
            + $", row_number() over () as n from (select * from {table} "
            + $"order by md5({table}::text || '{random.Next()}') limit 2) two; update {table} t set "
            + string.Join(", ", columns.Select(column => $"{column} = other.new_{column}"))
            + $" from pair me, pair other where {isKey} and other.n = 3 - me.n";
    }
}
