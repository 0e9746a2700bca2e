-- An Idempotency-Key may stand for a write on something that has no log to answer from, as a service record: then the
-- answer itself is kept, and the key names no order (its order_id is all zeros, since the server before this migration
-- expects one).
alter table idempotency add column answer bytea;
alter table idempotency add constraint idempotency_answer_or_order
    check ((answer is not null) = (order_id = '00000000-0000-0000-0000-000000000000')) not valid;
