-- One order with two lines and a log row, in one transaction and one round trip.
-- An id is 32 decimal digits, which PostgreSQL reads as a uuid: per client ascending, as a time-ordered id would be.
\set made :made + 1
\set high 1000000000000000 + :run * 1000000 + :client_id
\set low 1000000000000000 + :made
\set fee random(1000, 30000)
\startpipeline
begin;
insert into orders (order_id, version, status, team, datetime, totalfee, currency, metadata,
    created_at, created_by, updated_at, updated_by)
values ((:high::text || :low::text)::uuid, 1, 'placed', 'internal', timestamptz '2030-01-01 09:30Z', :fee, 'USD',
    '{"region": "eu"}', now(), 'bench', now(), 'bench');
insert into order_lines (order_id, line, service_id, name, quantity, fee)
values ((:high::text || :low::text)::uuid, 1, 'service-7', 'Service number 7', 2, 26.50),
    ((:high::text || :low::text)::uuid, 2, 'service-14', 'Service number 14', 1, 33.50);
insert into revisions (order_id, version, kind, recorded_at, actor, content)
values ((:high::text || :low::text)::uuid, 1, 'placed', now(), 'bench', :text);
end;
\endpipeline
