// The statements of an order: one row in orders, one row a service line in order_lines.
const lineColumns = 'order_id, service_id, name, quantity, fee';

export async function findServices(pool, ids) {
  const { rows } = await pool.query('select id, name, fee from services where id = any($1)', [ids]);
  return new Map(rows.map((row) => [row.id, row]));
}

export async function insertOrder(pool, order) {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query(
      `insert into orders (id, datetime, totalfee, currency, reference, notes, metadata)
       values ($1, $2, $3, $4, $5, $6, $7) returning *`,
      [order.id, order.datetime, order.totalfee, order.currency, order.reference, order.notes, order.metadata]);
    await insertLines(client, order.id, order.services);
    return { ...rows[0], lines: order.services };
  });
}

// Many at once, in a transaction of the caller's.
export async function insertOrders(client, many) {
  const column = (of) => many.map(of);
  await client.query(
    `insert into orders (id, datetime, totalfee, currency, reference, notes, metadata)
     select * from unnest(
       $1::uuid[], $2::timestamptz[], $3::numeric[], $4::text[], $5::text[], $6::text[], $7::jsonb[])`,
    [column((o) => o.id), column((o) => o.datetime), column((o) => o.totalfee), column((o) => o.currency),
      column((o) => o.reference), column((o) => o.notes), column((o) => JSON.stringify(o.metadata))]);
  const lines = many.flatMap((order) => order.services.map((line, i) => ({ ...line, order_id: order.id, line_no: i })));
  const lineColumn = (name) => lines.map((line) => line[name]);
  await client.query(
    `insert into order_lines (order_id, line_no, service_id, name, quantity, fee)
     select * from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::int[], $6::numeric[])`,
    ['order_id', 'line_no', 'service_id', 'name', 'quantity', 'fee'].map(lineColumn));
}

// All orders of one snapshot, some at a time.
export async function* eachPage(pool, size) {
  const client = await pool.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    await client.query('declare page no scroll cursor for select * from orders order by created_at desc, id desc');
    for (;;) {
      const { rows } = await client.query(`fetch ${size} from page`);
      if (rows.length === 0) break;
      const lines = await findLines(client, rows.map((row) => row.id));
      yield rows.map((row) => ({ ...row, lines: lines.get(row.id) ?? [] }));
    }
  } finally {
    await client.query('rollback');
    client.release();
  }
}

export async function updateOrder(pool, id, order) {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query(
      `update orders set datetime = $2, totalfee = $3, currency = $4, reference = $5, notes = $6, metadata = $7,
         version = version + 1, updated_at = now()
       where id = $1 and created_at <= now() - interval '3 hours' returning *`,
      [id, order.datetime, order.totalfee, order.currency, order.reference, order.notes, order.metadata]);
    if (rows.length === 0) return null;
    await client.query('delete from order_lines where order_id = $1', [id]);
    await insertLines(client, id, order.services);
    return { ...rows[0], lines: order.services };
  });
}

export async function findOrder(pool, id) {
  const { rows } = await pool.query('select * from orders where id = $1', [id]);
  if (rows.length === 0) return null;
  return { ...rows[0], lines: (await findLines(pool, [id])).get(id) ?? [] };
}

export async function listOrders(pool, limit) {
  const { rows } = await pool.query('select * from orders order by created_at desc, id desc limit $1', [limit]);
  const lines = await findLines(pool, rows.map((row) => row.id));
  return rows.map((row) => ({ ...row, lines: lines.get(row.id) ?? [] }));
}

export async function deleteOrder(pool, id) {
  const { rowCount } = await pool.query('delete from orders where id = $1', [id]);
  return rowCount === 1;
}

async function findLines(pool, orderIds) {
  const { rows } = await pool.query(
    `select ${lineColumns} from order_lines where order_id = any($1) order by order_id, line_no`, [orderIds]);
  const byOrder = new Map();
  for (const row of rows) {
    const lines = byOrder.get(row.order_id);
    if (lines) lines.push(row);
    else byOrder.set(row.order_id, [row]);
  }
  return byOrder;
}

async function insertLines(client, orderId, lines) {
  const values = lines.map((_, i) => `($1, ${i}, $${i * 4 + 2}, $${i * 4 + 3}, $${i * 4 + 4}, $${i * 4 + 5})`);
  await client.query(
    `insert into order_lines (order_id, line_no, service_id, name, quantity, fee) values ${values.join(', ')}`,
    [orderId, ...lines.flatMap((line) => [line.service_id, line.name, line.quantity, line.fee])]);
}

export async function inTransaction(pool, work) {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}
