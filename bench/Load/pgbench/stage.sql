-- Orders to be copied in: otherwise as create.sql, one in ten with a reference. Run through Npgsql for each import:
-- @batch, @orders, @text.
create temp table if not exists staged_orders (like orders including defaults);
create temp table if not exists staged_revisions (like revisions including defaults);
truncate staged_orders, staged_revisions;
insert into staged_orders (order_id, write_id, version, status, team, datetime, totalfee, totalfee_stated,
    reference, content, terms, created_at, created_by, updated_at, updated_by)
select id, id, 1, 'placed', 'internal', timestamptz '2030-01-01 09:30Z', 1000 + 7919 * i % 29000, true,
    case when i % 10 = 0 then 'PO-' || id end, @text,
    array['m-6-region=eu', 's-service-' || one, 's-service-' || two, 'w-' || one, 'w-' || two,
        'w-eu', 'w-number', 'w-service'],
    now(), 'bench', now(), 'bench'
from (
    select i, i % 25 as one, 25 + i / 25 % 25 as two,
        ((2000000000000000 + @batch)::text || (1000000000000000 + i)::text)::uuid as id
    from generate_series(1, @orders) i) made;
insert into staged_revisions (order_id, version, write_id, kind, recorded_at, actor, status, deleted, content, hash)
select order_id, 1, write_id, 'placed', now(), 'bench', 'placed', false, content, sha256(convert_to(content, 'UTF8'))
from staged_orders;
