-- One order by its id: everything that GET /orders/{id} shows is in the order's row.
\set low 1000000000000000 + random(1, :orders)
select order_id, number, version, status, team, totalfee_stated, content, personal,
    created_at, created_by, updated_at, updated_by, deleted_at, now()
from orders
where order_id = ('1000000000000000' || :low::text)::uuid and deleted_at is null;
