-- The 50 newest orders with their lines: GET /orders?limit=50.
select order_id, number, version, status, team, totalfee_stated, content, personal,
    created_at, created_by, updated_at, updated_by, deleted_at, now()
from orders
where deleted_at is null
order by created_at desc, order_id desc
limit 50;
