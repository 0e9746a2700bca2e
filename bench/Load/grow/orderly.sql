-- Older orders behind the first ones: @copies of each that has no reference, an hour apart, with ids in the order of time.
insert into orders (order_id, write_id, version, status, team, datetime, totalfee, totalfee_stated, content, terms,
    created_at, created_by, updated_at, updated_by)
select made.id, made.id, 1, o.status, o.team, o.datetime, o.totalfee, o.totalfee_stated, o.content, o.terms,
    made.at, o.created_by, made.at, o.updated_by
from (
    select s.*, row_number() over (order by s.created_at, s.order_id) as n
    from orders s
    where s.reference is null
    order by s.created_at, s.order_id
    limit @each) o
cross join generate_series(1, @copies) copy
cross join lateral (
    select o.created_at - copy * interval '1 hour' as at, (lpad(to_hex(
        (extract(epoch from o.created_at - copy * interval '1 hour') * 1000)::bigint), 12, '0')
        || '7' || lpad(to_hex(o.n), 19, '0'))::uuid as id) made
order by made.at;
insert into revisions (order_id, version, write_id, kind, recorded_at, actor, status, deleted, content,
    totalfee_stated, hash)
select o.order_id, 1, o.write_id, 'placed', o.updated_at, o.updated_by, o.status, false, o.content, o.totalfee_stated,
    revision_hash(decode(repeat('00', 32), 'hex'), o.order_id, o.number, o.team, o.created_at, o.created_by, 1,
        o.write_id, 'placed', o.updated_at, o.updated_by, null, o.status, false, o.totalfee_stated, o.content, null)
from orders o
where not exists (select from revisions r where r.order_id = o.order_id)
order by o.created_at;
insert into pending (order_id, version)
select r.order_id, r.version
from revisions r
where not exists (select from feed f where f.order_id = r.order_id)
on conflict do nothing;
