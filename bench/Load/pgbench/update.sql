-- PUT /orders/{id}: the order is read, then written if it is still what was read and is 3 hours old.
-- Each client has orders of its own, so that none waits for another or meets a stale version.
\set mine random(0, :orders / :clients - 1)
\set low 1000000000000001 + :mine * :clients + :client_id
\set fee random(1000, 30000)
\set made :made + 1
select order_id, number, version, status, team, totalfee_stated, content, personal,
    created_at, created_by, updated_at, updated_by, deleted_at
from orders
where order_id = ('1000000000000000' || :low::text)::uuid and deleted_at is null \gset
\startpipeline
begin;
update orders set version = :version::integer + 1, write_id = ('1000000000000000' || :low::text)::uuid,
    totalfee = :fee, totalfee_stated = true, content = :text, updated_at = now(), updated_by = 'bench'
where order_id = ('1000000000000000' || :low::text)::uuid and version = :version::integer
    and created_at <= now() - interval '3 hours';
insert into revisions (order_id, version, write_id, kind, recorded_at, actor, status, deleted, content,
    hash)
values (('1000000000000000' || :low::text)::uuid, :version::integer + 1, ('1000000000000000' || :low::text)::uuid,
    'updated', now(), 'bench', 'placed', false, :text, sha256(convert_to(:text, 'UTF8')));
insert into pending (order_id, version)
values (('1000000000000000' || :low::text)::uuid, :version::integer + 1);
end;
\endpipeline
