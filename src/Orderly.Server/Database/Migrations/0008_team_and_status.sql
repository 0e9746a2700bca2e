-- A team's orders of one status, newest first: by the two indexes for one of them each, a page of a rare status among
-- ten million orders took thousands of rows all over the table. See docs/decisions/0006-lists-by-index.md.
create index if not exists orders_of_team_and_status on orders (team, status, created_at, order_id)
    where deleted_at is null;
