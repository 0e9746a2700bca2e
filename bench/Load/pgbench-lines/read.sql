-- One order by its id, joined with its lines.
\set low 1000000000000000 + random(1, :orders)
select o.order_id, o.number, o.version, o.status, o.team, o.datetime, o.totalfee, o.currency, o.reference, o.metadata,
    o.created_at, o.created_by, o.updated_at, o.updated_by, l.line, l.service_id, l.name, l.quantity, l.fee
from orders o
join order_lines l on l.order_id = o.order_id
where o.order_id = ('1000000000000000' || :low::text)::uuid and o.deleted_at is null
order by l.line;
