-- One order without a reference: what the service stores for POST /orders, in one transaction and one round trip.
-- A colon would be read as a variable, so that the terms have another sign.
-- An id is 32 decimal digits, which PostgreSQL reads as a uuid: per client ascending, as a time-ordered id would be.
\set made :made + 1
\set high 1000000000000000 + :run * 1000000 + :client_id
\set low 1000000000000000 + :made
\set fee random(1000, 30000)
\set one random(0, 24)
\set two random(25, 49)
\startpipeline
begin;
insert into orders (order_id, write_id, version, status, team, datetime, totalfee, totalfee_stated,
    content, terms, created_at, created_by, updated_at, updated_by)
values ((:high::text || :low::text)::uuid, (:high::text || :low::text)::uuid, 1, 'placed', 'internal',
    timestamptz '2030-01-01 09:30Z', :fee, true, :text,
    array['m-6-region=eu', 's-service-' || :one::text, 's-service-' || :two::text, 'w-' || :one::text,
        'w-' || :two::text, 'w-eu', 'w-number', 'w-service'],
    now(), 'bench', now(), 'bench');
insert into revisions (order_id, version, write_id, kind, recorded_at, actor, status, deleted, content,
    hash)
values ((:high::text || :low::text)::uuid, 1, (:high::text || :low::text)::uuid, 'placed', now(), 'bench', 'placed',
    false, :text, sha256(convert_to(:text, 'UTF8')));
insert into pending (order_id, version) values ((:high::text || :low::text)::uuid, 1);
end;
\endpipeline
