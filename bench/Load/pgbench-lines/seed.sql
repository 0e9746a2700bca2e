-- The orders that are there before anything is measured. Run once through Npgsql: @orders, @text.
insert into orders (order_id, version, status, team, datetime, totalfee, currency, metadata,
    created_at, created_by, updated_at, updated_by)
select ('1000000000000000' || (1000000000000000 + i)::text)::uuid, 1, 'placed', 'internal',
    timestamptz '2030-01-01 09:30Z', 149.90, 'USD', '{"region": "eu"}', now() - interval '4 hours', 'bench', now() - interval '4 hours', 'bench'
from generate_series(1, @orders) i;
insert into order_lines (order_id, line, service_id, name, quantity, fee)
select order_id, 1, 'service-7', 'Service number 7', 2, 26.50 from orders
union all
select order_id, 2, 'service-14', 'Service number 14', 1, 33.50 from orders;
insert into revisions (order_id, version, kind, recorded_at, actor, content)
select order_id, 1, 'placed', now() - interval '4 hours', 'bench', @text from orders;
