-- The orders that are there before anything is measured. Run once through Npgsql: @orders, @text.
insert into orders (order_id, write_id, version, status, team, datetime, totalfee, totalfee_stated,
    content, terms, created_at, created_by, updated_at, updated_by)
select id, id, 1, 'placed', 'internal', timestamptz '2030-01-01 09:30Z', 149.90, true, @text,
    array['m:6:region=eu', 's:service-14', 's:service-7', 'w:14', 'w:7', 'w:eu', 'w:number', 'w:service'],
    now() - interval '4 hours', 'bench', now() - interval '4 hours', 'bench'
from (select ('1000000000000000' || (1000000000000000 + i)::text)::uuid as id from generate_series(1, @orders) i) made;
insert into revisions (order_id, version, write_id, kind, recorded_at, actor, status, deleted, content, hash)
select order_id, 1, order_id, 'placed', now() - interval '4 hours', 'bench', 'placed', false, content,
    sha256(convert_to(content, 'UTF8'))
from orders;
insert into pending (order_id, version) select order_id, 1 from orders;
