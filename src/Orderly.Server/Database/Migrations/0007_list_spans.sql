-- Lists of orders with certain terms, newest first, without looking at all of them: the index of terms knows the spans
-- of time in which an order was created, too, so that the newest spans can be searched first. See
-- docs/decisions/0006-lists-by-index.md.

-- The spans that hold an instant: one of 16 hours and one of 512. They begin at different seconds, so that no span is
-- taken for one of the other length. One plain expression, so that it is inlined.
create function order_spans(at timestamptz) returns timestamptz[]
language sql immutable parallel safe
as $$
    select array[
        date_bin(interval '16 hours', at, timestamptz '1800-01-01 00:00:00+00'),
        date_bin(interval '512 hours', at, timestamptz '1800-01-01 00:00:01+00')]
$$;

-- The status is in it so that terms go with it. Orders that are written together have it and the spans alike, which
-- go into the index once for all of them.
drop index orders_terms;
create index orders_terms on orders
    using gin (terms, order_spans(created_at), (array[status]))
    with (fastupdate = on, gin_pending_list_limit = 256);
