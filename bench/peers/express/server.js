// An orders API as people write it with Express and pg: one process, a pool of connections, SQL by hand.
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import express from 'express';
import pg from 'pg';
import * as orders from './orders.js';
import { schema } from './schema.js';
import { validateOrder } from './validation.js';

const apiKey = process.env.API_KEY;
const pool = new pg.Pool(); // PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE
const uniqueViolation = '23505';
const ndjson = 'application/x-ndjson';
const importBatch = 1000;
const streamPage = 1000;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const app = express();
app.disable('x-powered-by');

app.use((req, res, next) => {
  if (req.get('x-api-key') !== apiKey) return problem(res, 401, 'unauthorized');
  next();
});
app.use(express.json());
app.param('id', (req, res, next, id) => {
  if (req.path.startsWith('/orders/') && !uuid.test(id)) return problem(res, 404, 'order not found');
  next();
});

app.put('/services/:id', async (req, res) => {
  const { name, fee = null } = req.body;
  await pool.query(
    `insert into services (id, name, fee) values ($1, $2, $3)
     on conflict (id) do update set name = excluded.name, fee = excluded.fee`, [req.params.id, name, fee]);
  res.status(201).json({ id: req.params.id, name, fee });
});

app.post('/orders', async (req, res) => {
  const { order, errors } = await checkOrder(req.body);
  if (errors.length > 0) return problem(res, 422, errors.join('; '));
  const row = await orders.insertOrder(pool, { ...order, id: randomUUID() });
  res.status(201).location(`/orders/${row.id}`).json(toJson(row));
});

// All or nothing, a row a line.
app.post('/orders/import', async (req, res) => {
  const created = await orders.inTransaction(pool, async (client) => {
    let count = 0;
    for await (const lines of batches(createInterface({ input: req, crlfDelay: Infinity }), importBatch)) {
      const bodies = lines.map((line) => JSON.parse(line));
      const ids = bodies.flatMap(({ services }) => (Array.isArray(services) ? services.map((line) => line?.id) : []));
      const records = await orders.findServices(client, [...new Set(ids)]);
      const checked = bodies.map((body) => {
        const errors = validateOrder(body);
        return errors.length > 0 ? { errors } : readOrder(body, records);
      });
      const refused = checked.findIndex(({ errors }) => errors.length > 0);
      if (refused >= 0) {
        const detail = `row ${count + refused + 1}: ${checked[refused].errors.join('; ')}`;
        throw Object.assign(new Error(detail), { status: 422 });
      }
      await orders.insertOrders(client, checked.map(({ order }) => ({ ...order, id: randomUUID() })));
      count += lines.length;
    }
    return count;
  });
  res.json({ created, refused: 0 });
});

app.get('/orders', async (req, res) => {
  if (req.get('accept') === ndjson) {
    res.type(ndjson);
    return pipeline(Readable.from(linesOfAll()), res).catch((error) => {
      if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    });
  }
  const limit = req.query.limit === undefined ? 50 : Number(req.query.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > 500) return problem(res, 400, 'limit must be 1 to 500');
  const rows = await orders.listOrders(pool, limit);
  res.json({ data: rows.map(toJson) });
});

app.get('/orders/:id', async (req, res) => {
  const row = await orders.findOrder(pool, req.params.id);
  if (!row) return problem(res, 404, 'order not found');
  res.json(toJson(row));
});

app.put('/orders/:id', async (req, res) => {
  const { order, errors } = await checkOrder(req.body);
  if (errors.length > 0) return problem(res, 422, errors.join('; '));
  const row = await orders.updateOrder(pool, req.params.id, order);
  if (row) return res.json(toJson(row));
  if (await orders.findOrder(pool, req.params.id)) return problem(res, 409, 'the order is younger than 3 hours');
  problem(res, 404, 'order not found');
});

app.delete('/orders/:id', async (req, res) => {
  if (!(await orders.deleteOrder(pool, req.params.id))) return problem(res, 404, 'order not found');
  res.status(204).end();
});

app.use((error, req, res, next) => {
  if (res.headersSent) return next(error);
  if (error.code === uniqueViolation) return problem(res, 409, 'the reference is taken');
  if (error.status) return problem(res, error.status, error.message);
  console.error(error);
  problem(res, 500, 'internal error');
});

async function checkOrder(body) {
  const errors = validateOrder(body);
  if (errors.length > 0) return { errors };
  return readOrder(body, await orders.findServices(pool, body.services.map((line) => line.id)));
}

// The order of a body that is checked: names and fees of its lines from the service records, and the total.
function readOrder(body, records) {
  const errors = [];
  const services = [];
  for (const line of body.services) {
    const record = records.get(line.id);
    const fee = line.fee ?? (record?.fee == null ? null : Number(record.fee));
    if (!record) errors.push(`service ${line.id} is not known`);
    else if (fee === null) errors.push(`service ${line.id} has no fee`);
    else services.push({ service_id: line.id, name: line.name ?? record.name, quantity: line.quantity ?? 1, fee });
  }
  const order = {
    datetime: body.datetime,
    totalfee: body.totalfee ?? sumOf(services),
    currency: body.currency ?? 'USD',
    reference: body.reference ?? null,
    notes: body.notes ?? null,
    metadata: body.metadata ?? {},
    services,
  };
  return { order, errors };
}

async function* batches(lines, size) {
  let batch = [];
  for await (const line of lines) {
    if (line !== '') batch.push(line);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function* linesOfAll() {
  for await (const rows of orders.eachPage(pool, streamPage)) {
    yield rows.map((row) => `${JSON.stringify(toJson(row))}\n`).join('');
  }
}

function sumOf(lines) {
  return Number(lines.reduce((sum, line) => sum + line.quantity * Number(line.fee), 0).toFixed(4));
}

function toJson(row) {
  const totalfee = Number(row.totalfee);
  return {
    id: row.id,
    status: row.status,
    datetime: row.datetime,
    totalfee,
    currency: row.currency,
    services: row.lines.map((line) => ({
      id: line.service_id, name: line.name, quantity: line.quantity, fee: Number(line.fee),
    })),
    adjustment: Number((totalfee - sumOf(row.lines)).toFixed(4)),
    reference: row.reference ?? undefined,
    notes: row.notes ?? undefined,
    metadata: row.metadata,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function problem(res, status, detail) {
  res.status(status).type('application/problem+json').json({ status, detail });
}

await pool.query(schema);
const server = app.listen(Number(process.env.PORT), '127.0.0.1', () => {
  console.log(`ready on http://127.0.0.1:${server.address().port}`);
});
process.on('SIGTERM', () => server.close(() => pool.end()));
