-- PUT /orders/{id}: the order is read with its lines, then written if it is still what was read and is 3 hours old.
-- Each client has orders of its own, so that none waits for another or meets a stale version.
\set mine random(0, :orders / :clients - 1)
\set low 1000000000000001 + :mine * :clients + :client_id
\set fee random(1000, 30000)
select version from orders where order_id = ('1000000000000000' || :low::text)::uuid and deleted_at is null \gset
select line, service_id, name, quantity, fee from order_lines
where order_id = ('1000000000000000' || :low::text)::uuid;
\startpipeline
begin;
update orders set version = :version::integer + 1, totalfee = :fee, updated_at = now(), updated_by = 'bench'
where order_id = ('1000000000000000' || :low::text)::uuid and version = :version::integer
    and created_at <= now() - interval '3 hours';
delete from order_lines where order_id = ('1000000000000000' || :low::text)::uuid;
insert into order_lines (order_id, line, service_id, name, quantity, fee)
values (('1000000000000000' || :low::text)::uuid, 1, 'service-7', 'Service number 7', 2, 26.50),
    (('1000000000000000' || :low::text)::uuid, 2, 'service-14', 'Service number 14', 1, 33.50);
insert into revisions (order_id, version, kind, recorded_at, actor, content)
values (('1000000000000000' || :low::text)::uuid, :version::integer + 1, 'updated', now(), 'bench', :text);
end;
\endpipeline
