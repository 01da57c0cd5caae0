// The comparison: the same order list on Express and pg.
const crypto = require("node:crypto");
const express = require("express");
const { Pool } = require("pg");

const pool = new Pool({ connectionString: process.env.BENCH_DATABASE_URL, max: 10 });
const app = express();

function claims(header) {
  const [head, body, signature] = header.slice("Bearer ".length).split(".");
  const wanted = crypto
    .createHmac("sha256", process.env.BENCH_SECRET)
    .update(`${head}.${body}`)
    .digest("base64url");
  if (wanted !== signature) throw new Error("bad token");
  return JSON.parse(Buffer.from(body, "base64url"));
}

app.get("/api/orders", async (request, response, next) => {
  try {
    const own = claims(request.headers.authorization).organization_id;
    const limit = Number(request.query.limit ?? 50);
    const offset = Number(request.query.offset ?? 0);
    const [orders, count] = await Promise.all([
      pool.query(
        `SELECT id, number, external_id, buyer_name, buyer_email, status, production_status, priority,
                total_minor, currency, placed_at, pieces_total, pieces_good,
                uuid, channel, is_held, promised_on, updated_at
         FROM orders WHERE organization_id = $1 AND status = $2
         ORDER BY placed_at DESC, id DESC LIMIT $3 OFFSET $4`,
        [own, request.query.status, limit, offset]),
      pool.query("SELECT count(*) FROM orders WHERE organization_id = $1 AND status = $2",
        [own, request.query.status]),
    ]);
    const items = await pool.query(
      `SELECT id, order_id, title, sku, quantity, price_minor, personalisation, pieces_total,
              pieces_good, waiting_code FROM order_items
       WHERE order_id = ANY($1) ORDER BY order_id, position`,
      [orders.rows.map((row) => row.id)]);
    const byOrder = new Map();
    for (const item of items.rows) {
      const list = byOrder.get(item.order_id) ?? [];
      list.push({ id: Number(item.id), title: item.title, sku: item.sku, quantity: Number(item.quantity),
        price: Number(item.price_minor) / 100, personalisation: item.personalisation,
        pieces_total: Number(item.pieces_total), pieces_good: Number(item.pieces_good),
        waiting_code: item.waiting_code });
      byOrder.set(item.order_id, list);
    }
    response.json({
      orders: orders.rows.map((row) => ({
        id: Number(row.id), etsy_order_id: row.external_id, number: Number(row.number),
        buyer_name: row.buyer_name, buyer_email: row.buyer_email, status: row.status,
        production_status: row.production_status, priority: Number(row.priority),
        total_amount: Number(row.total_minor) / 100, currency: row.currency, created_at: row.placed_at,
        pieces_total: Number(row.pieces_total), pieces_good: Number(row.pieces_good),
        uuid: row.uuid, channel: row.channel, is_held: row.is_held, promised_on: row.promised_on,
        updated_at: row.updated_at,
        items: byOrder.get(row.id) ?? [],
      })),
      total: Number(count.rows[0].count),
      page: 1,
    });
  } catch (error) {
    next(error);
  }
});

app.listen(Number(process.env.PORT), "127.0.0.1");
