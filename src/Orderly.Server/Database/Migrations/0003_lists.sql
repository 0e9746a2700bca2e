-- Lists of orders by any filter and sort. Every index holds what its list walks through, and order_id last, so that
-- a page goes on exactly behind the one before. See docs/decisions/0006-lists-by-index.md.

-- What an order can be found by beyond its columns: service lines, metadata, words, the customer's address; one index
-- for all of them. The server makes the terms, since only it knows what a word is, and fills in at its start what is
-- null here. They say nothing that the order does not say, so the log's hashes do not cover them.
alter table orders add column terms text[] collate "C";

-- New entries wait in a list of at most 256 kB and go into the index together, which costs a write a sixth of what
-- one by one does; a reader walks through that list, in less than a third of a millisecond.
create index orders_terms on orders using gin (terms) with (fastupdate = on, gin_pending_list_limit = 256);
create index orders_without_terms on orders (order_id) where terms is null;

-- One index a sort; orders_newest is that of createdAt. Each is read in both directions.
create index orders_by_datetime on orders (datetime, order_id) where deleted_at is null;
create index orders_by_updated on orders (updated_at, order_id) where deleted_at is null;
create index orders_by_totalfee on orders (totalfee, order_id) where deleted_at is null;
create index orders_by_number on orders (number, order_id) where deleted_at is null;

-- The usual two: the open orders, and those of a team, newest first.
create index orders_of_status on orders (status, created_at, order_id) where deleted_at is null;
create index orders_of_team on orders (team, created_at, order_id) where deleted_at is null;

create index orders_of_reference on orders (reference) where reference is not null;

-- Deleted orders are few, and none of the others holds them.
create index orders_deleted on orders (created_at, order_id) where deleted_at is not null;

-- Plans are chosen by value, so the statistics have to keep up, and to tell rare terms from common ones.
alter table orders alter column terms set statistics 500;
alter table orders set (autovacuum_analyze_scale_factor = 0.02);

-- Service records are few and seldom written.
create index services_by_name on services (name, service_id);
create index services_by_created on services (created_at, service_id);
create index services_by_updated on services (updated_at, service_id);
