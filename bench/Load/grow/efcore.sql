-- Older orders behind the first ones: @copies of each that has no reference, an hour apart.
create temporary table grown as
select gen_random_uuid() as id, o."Id" as original, copy
from (select s."Id" from orders s where s."Reference" is null order by s.created_at, s."Id" limit @each) o
cross join generate_series(1, @copies) copy;
insert into orders ("Id", "Status", "Datetime", "TotalFee", "Currency", "Notes", "Metadata", version, created_at,
    "UpdatedAt")
select g.id, o."Status", o."Datetime", o."TotalFee", o."Currency", o."Notes", o."Metadata", 1,
    o.created_at - g.copy * interval '1 hour', o."UpdatedAt" - g.copy * interval '1 hour'
from grown g
join orders o on o."Id" = g.original
order by g.copy desc;
insert into order_lines ("OrderId", "LineNo", "ServiceId", "Name", "Quantity", "Fee")
select g.id, l."LineNo", l."ServiceId", l."Name", l."Quantity", l."Fee"
from grown g
join order_lines l on l."OrderId" = g.original
order by g.copy desc;
drop table grown;
