-- Orders of a range of dates or fees, newest first, and orders of a status or a team in another order than that of
-- creation: by indexes that say neither, each order of the range, or each one walked past, had to be read from the
-- table, thousands of pages for a day among ten million orders. To make them beforehand, while the service runs, see
-- docs/operations/upgrade.md.
create index if not exists orders_by_datetime_new on orders (datetime, order_id) include (created_at, status, team)
    where deleted_at is null;
create index if not exists orders_by_updated_new on orders (updated_at, order_id) include (created_at, status, team)
    where deleted_at is null;
create index if not exists orders_by_totalfee_new on orders (totalfee, order_id) include (created_at, status, team)
    where deleted_at is null;

drop index orders_by_datetime, orders_by_updated, orders_by_totalfee;
alter index orders_by_datetime_new rename to orders_by_datetime;
alter index orders_by_updated_new rename to orders_by_updated;
alter index orders_by_totalfee_new rename to orders_by_totalfee;

-- An index alone answers only for pages that vacuum has seen since they were written; by default it comes when a fifth
-- of the table is new.
alter table orders set (autovacuum_vacuum_insert_scale_factor = 0.02);
