-- Orders, service records, keys, and the log of changes.
--
-- Every table of an order carries order_id first in its primary key; what must be unique across orders has its
-- own small table. So the schema can be spread over nodes by order_id as it is: no foreign key between orders and
-- services, no trigger, no statement that writes two tables.

-- One row that counts the changes of service records. A write of an order names the epoch at which it read its
-- service records, and is stored only if that epoch is still the current one.
create table catalog_epoch (
    only_row boolean not null default true,
    epoch bigint not null,
    constraint catalog_epoch_pkey primary key (only_row),
    constraint catalog_epoch_one_row check (only_row)
);
insert into catalog_epoch (epoch) values (1);

create table services (
    service_id text collate "C" not null,
    version integer not null,
    name text not null,
    description text,
    fee numeric,
    currency text not null,
    active boolean not null,
    created_at timestamptz not null,
    created_by text not null,
    updated_at timestamptz not null,
    updated_by text not null,
    constraint services_pkey primary key (service_id),
    constraint services_id_shape check (service_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    constraint services_version_positive check (version >= 1),
    constraint services_name_length check (char_length(name) between 1 and 200),
    constraint services_description_length check (char_length(description) <= 4000),
    constraint services_fee_exact check (fee >= 0 and scale(fee) <= 4 and fee < 1e15),
    constraint services_currency_shape check (currency ~ '^[A-Z]{3}$')
);

create sequence order_numbers as bigint;

-- The order as it now stands. The columns are what the service decides by, filters and sorts by; content is the
-- caller's part of the order as ready-made JSON; personal holds customer and notes and nothing else does.
create table orders (
    order_id uuid not null,
    write_id uuid not null,
    number bigint not null default nextval('order_numbers'),
    version integer not null,
    status text not null,
    team text not null,
    datetime timestamptz not null,
    totalfee numeric not null,
    totalfee_stated boolean not null,
    reference text,
    content text not null,
    personal bytea,
    created_at timestamptz not null,
    created_by text not null,
    updated_at timestamptz not null,
    updated_by text not null,
    deleted_at timestamptz,
    constraint orders_pkey primary key (order_id),
    constraint orders_version_positive check (version >= 1),
    constraint orders_status_known check (status in ('placed', 'confirmed', 'completed', 'cancelled')),
    constraint orders_totalfee_exact check (totalfee >= 0 and scale(totalfee) <= 4 and totalfee < 1e15),
    constraint orders_reference_length check (char_length(reference) between 1 and 100),
    constraint orders_updated_after_created check (updated_at >= created_at)
);

-- Newest first, for the plain list. Deleted orders are not in it.
create index orders_newest on orders (created_at desc, order_id desc) where deleted_at is null;

-- A reference is unique among the live orders of a team.
create table order_references (
    team text not null,
    reference text not null,
    order_id uuid not null,
    constraint order_references_pkey primary key (team, reference)
);

-- The log of changes: every version of every order as it stood, who wrote it, when, and why. Rows are only ever
-- added, in the transaction of the write itself. write_id tells a write from its twin after a lost connection.
create table revisions (
    order_id uuid not null,
    version integer not null,
    write_id uuid not null,
    kind text not null,
    recorded_at timestamptz not null,
    actor text not null,
    reason text,
    status text not null,
    deleted boolean not null,
    content text not null,
    personal bytea,
    constraint revisions_pkey primary key (order_id, version),
    constraint revisions_version_positive check (version >= 1),
    constraint revisions_kind_known
        check (kind in ('placed', 'updated', 'status-changed', 'deleted', 'restored', 'reverted', 'erased'))
);

-- What a caller's Idempotency-Key stands for: the write it made, committed with it. The answer is not kept, since
-- the log has the order as it then stood.
create table idempotency (
    caller text not null,
    key text not null,
    write_id uuid not null,
    order_id uuid not null,
    version integer not null,
    answer_status integer not null,
    request_digest bytea not null,
    created_at timestamptz not null,
    constraint idempotency_pkey primary key (caller, key),
    constraint idempotency_key_length check (char_length(key) between 1 and 255),
    constraint idempotency_digest_sha256 check (octet_length(request_digest) = 32)
);
create index idempotency_oldest on idempotency (created_at);

-- What the log holds but the feed does not show yet. A sequence would lose events, since numbers are given before
-- the commit and seen after it; one sequencer at a time moves what is visible from here into the feed instead.
create table pending (
    order_id uuid not null,
    version integer not null,
    constraint pending_pkey primary key (order_id, version)
);

create table feed (
    position bigint not null,
    order_id uuid not null,
    version integer not null,
    appended_at timestamptz not null,
    constraint feed_pkey primary key (position)
);

-- How far the feed has been filled, and up to where it has been forgotten.
create table feed_bounds (
    only_row boolean not null default true,
    last_position bigint not null,
    forgotten_position bigint not null,
    constraint feed_bounds_pkey primary key (only_row),
    constraint feed_bounds_one_row check (only_row),
    constraint feed_bounds_ordered check (0 <= forgotten_position and forgotten_position <= last_position)
);
insert into feed_bounds (last_position, forgotten_position) values (0, 0);

create table keys (
    key_id text not null,
    name text not null,
    team text not null,
    scopes text[] not null,
    reach text not null,
    created_at timestamptz not null,
    created_by text not null,
    revoked_at timestamptz,
    constraint keys_pkey primary key (key_id),
    constraint keys_reach_known check (reach in ('all', 'team'))
);

-- A key has one secret, and two for a while after a rotation. Only the SHA-256 of a secret is ever stored.
create table key_secrets (
    digest bytea not null,
    key_id text not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    constraint key_secrets_pkey primary key (digest),
    constraint key_secrets_key foreign key (key_id) references keys (key_id),
    constraint key_secrets_digest_sha256 check (octet_length(digest) = 32)
);
