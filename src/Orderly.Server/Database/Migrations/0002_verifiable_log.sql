-- The log can be verified: each version of an order holds the hash of itself and the version before, each entry of
-- the feed a leaf of one Merkle tree over all orders (RFC 6962), and checkpoints say, signed, what the tree was.
-- See docs/decisions/0005-verifiable-log.md.

-- The canonical bytes of a version are PostgreSQL's binary form of a row: the number of columns, then for each its
-- type, its length (-1 for null) and its value, so that no two different rows have the same bytes. Text is taken as
-- UTF-8 whatever the session's encoding is. Stable, as record_send is; one plain expression, so that it is inlined.
create function revision_hash(
    previous bytea, order_id uuid, number bigint, team text, created_at timestamptz, created_by text,
    version integer, write_id uuid, kind text, recorded_at timestamptz, actor text, reason text, status text,
    deleted boolean, totalfee_stated boolean, content text, personal_commitment bytea)
returns bytea
language sql stable parallel safe
as $$
    select sha256(record_send(row(
        1, previous, order_id, number, convert_to(team, 'UTF8'), created_at, convert_to(created_by, 'UTF8'),
        version, write_id, convert_to(kind, 'UTF8'), recorded_at, convert_to(actor, 'UTF8'),
        convert_to(reason, 'UTF8'), convert_to(status, 'UTF8'), deleted, totalfee_stated,
        convert_to(content, 'UTF8'), personal_commitment)))
$$;

-- A leaf of the tree: RFC 6962, section 2.1, the hash of a zero byte and the entry.
create function feed_leaf(
    feed_position bigint, order_id uuid, version integer, appended_at timestamptz, revision_hash bytea)
returns bytea
language sql stable parallel safe
as $$
    select sha256('\x00'::bytea || record_send(row(feed_position, order_id, version, appended_at, revision_hash)))
$$;

-- The hash covers personal data only by a salted commitment, which stays when the data and its salt are erased.
-- totalfee_stated stood in the order alone; of versions before this migration it is not known.
alter table revisions
    add column totalfee_stated boolean,
    add column personal_salt bytea,
    add column personal_commitment bytea,
    add column hash bytea;

update revisions set personal_salt = uuid_send(gen_random_uuid()) where personal is not null;
update revisions set personal_commitment = sha256(personal_salt || personal) where personal is not null;
update revisions r
set totalfee_stated = o.totalfee_stated
from orders o
where o.order_id = r.order_id and o.version = r.version;
-- A deleted order was deleted at the time of its newest version, which says when.
update orders set deleted_at = updated_at where deleted_at <> updated_at;

with recursive chain (order_id, version, hash) as (
    select r.order_id, r.version, revision_hash(
        '\x0000000000000000000000000000000000000000000000000000000000000000', r.order_id, o.number, o.team,
        o.created_at, o.created_by, r.version, r.write_id, r.kind, r.recorded_at, r.actor, r.reason, r.status,
        r.deleted, r.totalfee_stated, r.content, r.personal_commitment)
    from revisions r
    join orders o on o.order_id = r.order_id
    where r.version = 1
    union all
    select r.order_id, r.version, revision_hash(
        c.hash, r.order_id, o.number, o.team,
        o.created_at, o.created_by, r.version, r.write_id, r.kind, r.recorded_at, r.actor, r.reason, r.status,
        r.deleted, r.totalfee_stated, r.content, r.personal_commitment)
    from chain c
    join revisions r on r.order_id = c.order_id and r.version = c.version + 1
    join orders o on o.order_id = r.order_id
)
update revisions r
set hash = c.hash
from chain c
where c.order_id = r.order_id and c.version = r.version;

alter table revisions
    alter column hash set not null,
    add constraint revisions_hash_sha256 check (octet_length(hash) = 32),
    add constraint revisions_commitment_sha256 check (octet_length(personal_commitment) = 32),
    add constraint revisions_personal_committed
        check (personal is null or (personal_salt is not null and personal_commitment is not null));

alter table feed add column leaf bytea;
update feed f
set leaf = feed_leaf(f.position, f.order_id, f.version, f.appended_at, r.hash)
from revisions r
where r.order_id = f.order_id and r.version = f.version;
alter table feed
    alter column leaf set not null,
    add constraint feed_leaf_sha256 check (octet_length(leaf) = 32);

-- Signed statements of what the tree was at a size, kept here for convenience and outside for safety. frontier is
-- the tree's complete subtrees, largest first: what it takes to go on without reading the leaves again.
create table checkpoints (
    tree_size bigint not null,
    note text not null,
    frontier bytea not null,
    constraint checkpoints_pkey primary key (tree_size),
    constraint checkpoints_size_positive check (tree_size >= 1),
    constraint checkpoints_frontier_hashes check (octet_length(frontier) % 32 = 0)
);
