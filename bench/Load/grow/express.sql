-- Older orders behind the first ones: @copies of each that has no reference, an hour apart.
create temporary table grown as
select gen_random_uuid() as id, o.id as original, copy
from (select s.id from orders s where s.reference is null order by s.created_at, s.id limit @each) o
cross join generate_series(1, @copies) copy;
insert into orders (id, status, datetime, totalfee, currency, notes, metadata, version, created_at, updated_at)
select g.id, o.status, o.datetime, o.totalfee, o.currency, o.notes, o.metadata, 1,
    o.created_at - g.copy * interval '1 hour', o.updated_at - g.copy * interval '1 hour'
from grown g
join orders o on o.id = g.original
order by g.copy desc;
insert into order_lines (order_id, line_no, service_id, name, quantity, fee)
select g.id, l.line_no, l.service_id, l.name, l.quantity, l.fee
from grown g
join order_lines l on l.order_id = g.original
order by g.copy desc;
drop table grown;
