-- Personal data is encrypted: each order that has some has a data key of its own, wrapped with a key-encryption key
-- that is not in the database. See docs/decisions/0009-personal-data.md.

-- The data key of an order. Without this row nothing personal of the order can be read any more, in no version.
create table order_keys (
    order_id uuid not null,
    kek_version integer not null,
    wrapped bytea not null,
    constraint order_keys_pkey primary key (order_id),
    constraint order_keys_version_positive check (kek_version >= 1),
    constraint order_keys_wrapped_any check (octet_length(wrapped) >= 1)
);
create index order_keys_by_version on order_keys (kek_version, order_id);

-- What each key of the key file was when it was first used here, so that a server with another file does not start.
-- Version 0 is the key that addresses are found by. A fingerprint tells nothing of its key.
create table key_fingerprints (
    version integer not null,
    fingerprint bytea not null,
    constraint key_fingerprints_pkey primary key (version),
    constraint key_fingerprints_length check (octet_length(fingerprint) = 16)
);

-- The term of an address was a plain hash. The server makes the terms anew where there are none.
update orders set terms = null where personal is not null;

-- personal begins with the version of its format: 1; or 2, for what was in the clear before this migration, whose
-- salt is encrypted with it. What is still in the clear begins with a brace, and the server encrypts it at its start.
-- A server before this migration could not read what is encrypted, and must not write in the clear any more.
alter table orders
    add constraint orders_personal_sealed check (substring(personal from 1 for 1) in ('\x01', '\x02')) not valid;
alter table revisions
    add constraint revisions_personal_sealed check (substring(personal from 1 for 1) in ('\x01', '\x02')) not valid,
    drop constraint revisions_personal_committed,
    add constraint revisions_personal_committed check (personal is null or (personal_commitment is not null
        and (personal_salt is not null or substring(personal from 1 for 1) = '\x02'))) not valid;
create index revisions_in_the_clear on revisions (order_id, version) where substring(personal from 1 for 1) = '\x7b';
