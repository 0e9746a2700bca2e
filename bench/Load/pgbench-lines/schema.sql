-- The layout that most would choose: an order, its lines as rows of a second table, and a log row for each version.
create sequence order_numbers as bigint;
create table orders (
    order_id uuid not null primary key,
    number bigint not null default nextval('order_numbers'),
    version integer not null,
    status text not null,
    team text not null,
    datetime timestamptz not null,
    totalfee numeric not null,
    currency text not null,
    reference text,
    metadata jsonb not null,
    created_at timestamptz not null,
    created_by text not null,
    updated_at timestamptz not null,
    updated_by text not null,
    deleted_at timestamptz
);
create index orders_newest on orders (created_at desc, order_id desc) where deleted_at is null;
create table order_lines (
    order_id uuid not null,
    line integer not null,
    service_id text not null,
    name text not null,
    quantity integer not null,
    fee numeric,
    primary key (order_id, line)
);
create table revisions (
    order_id uuid not null,
    version integer not null,
    kind text not null,
    recorded_at timestamptz not null,
    actor text not null,
    content text not null,
    primary key (order_id, version)
);
