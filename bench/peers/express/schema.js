// The tables as a tutorial would have them; created at start.
export const schema = `
create table if not exists services (
  id text primary key,
  name text not null,
  fee numeric(15, 4)
);
create table if not exists orders (
  id uuid primary key,
  status text not null default 'placed',
  datetime timestamptz not null,
  totalfee numeric(15, 4) not null check (totalfee >= 0),
  currency text not null,
  reference text unique,
  notes text,
  metadata jsonb not null default '{}',
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index if not exists orders_newest on orders (created_at desc, id desc);
create table if not exists order_lines (
  order_id uuid not null references orders (id) on delete cascade,
  line_no integer not null,
  service_id text not null references services (id),
  name text not null,
  quantity integer not null check (quantity > 0),
  fee numeric(15, 4) not null,
  primary key (order_id, line_no)
);
`;
