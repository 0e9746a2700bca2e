-- Keys get roles, limits in time and place, and versions; what is done with powers is recorded.

-- A key has a role, or scopes of its own choice. scopes holds what it may do either way.
alter table keys
    add column version integer not null default 1,
    add column role text,
    add column expires_at timestamptz,
    add column allowed_cidrs text[],
    add column rate_limit text,
    add column updated_at timestamptz not null default now(),
    add column last_used_at timestamptz,
    add constraint keys_version_positive check (version >= 1),
    add constraint keys_role_known check (role in ('viewer', 'editor', 'admin')),
    add constraint keys_allowed_cidrs_any check (cardinality(allowed_cidrs) >= 1);
update keys set updated_at = created_at;
update keys set role = 'admin' where key_id = 'bootstrap';
create index keys_newest on keys (created_at desc, key_id desc);
create index key_secrets_of_key on key_secrets (key_id);

-- What was done with powers that need watching: keys changed, the update window overridden, personal data revealed
-- or erased. Rows are only ever added, in the transaction of what they record. detail is a JSON object.
create table audit (
    audit_id uuid not null,
    at timestamptz not null,
    type text not null,
    actor text not null,
    team text not null,
    subject text not null,
    detail text not null,
    constraint audit_pkey primary key (audit_id),
    constraint audit_type_shape check (type ~ '^[a-z]+[.][a-z]+$')
);
create index audit_newest on audit (at desc, audit_id desc);

-- When what each key has used of a quota will have grown back, as all servers together know it. Losing it in a crash
-- gives every key its quota anew, so it is not logged.
create unlogged table rate_usage (
    key_id text not null,
    kind text not null,
    full_at timestamptz not null,
    constraint rate_usage_pkey primary key (key_id, kind),
    constraint rate_usage_kind_known check (kind in ('reads', 'writes', 'streams'))
);
