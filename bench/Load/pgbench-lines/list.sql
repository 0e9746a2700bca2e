-- The 50 newest orders, and then their lines.
\startpipeline
select order_id, number, version, status, team, datetime, totalfee, currency, reference, metadata,
    created_at, created_by, updated_at, updated_by
from orders
where deleted_at is null
order by created_at desc, order_id desc
limit 50;
select l.order_id, l.line, l.service_id, l.name, l.quantity, l.fee
from order_lines l
where l.order_id = any (array(
    select order_id from orders where deleted_at is null order by created_at desc, order_id desc limit 50))
order by l.order_id, l.line;
\endpipeline
