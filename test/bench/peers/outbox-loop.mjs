// What one would write by hand: a batch of rows, locked and skipped by others, one signature for all of them, all published,
// marked in one statement, committed.
import process from 'node:process';
import pg from 'pg';
import { openPrivateKey, openPublisher, serve, signed } from './outbox-kit.mjs';

const BATCH = 512;
const IDLE_MS = 20;
let isOver = false;
let loop = Promise.resolve();

const TABLE = `
  CREATE TABLE IF NOT EXISTS loop_row (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, node_id uuid NOT NULL,
    event_id text NOT NULL, sent_at timestamptz);
  CREATE INDEX IF NOT EXISTS loop_unsent ON loop_row (id) WHERE sent_at IS NULL`;
const CLAIM = {
  name: 'claim',
  text: `SELECT id, node_id AS "nodeId", event_id AS "eventId" FROM loop_row WHERE sent_at IS NULL
          ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED`,
};
const MARK = { name: 'mark', text: `UPDATE loop_row SET sent_at = clock_timestamp() WHERE id = ANY($1::bigint[])` };

serve({
  async enqueue({ databaseUrl, jobs }) {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query(TABLE);
    await client.query(`INSERT INTO loop_row (node_id, event_id) SELECT * FROM unnest($1::uuid[], $2::text[])`, [
      jobs.map(({ nodeId }) => nodeId),
      jobs.map(({ eventId }) => eventId),
    ]);
    await client.end();
  },
  async run({ databaseUrl, natsUrl, privateKey, payload }) {
    const key = openPrivateKey(privateKey);
    const publish = await openPublisher(natsUrl);
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    const work = async () => {
      while (!isOver) {
        await client.query('BEGIN');
        const { rows } = await client.query(CLAIM, [BATCH]);
        if (rows.length > 0) {
          const text = signed(key, { payload, eventId: rows[0].eventId });
          await Promise.all(rows.map((row) => publish(row, text)));
          await client.query(MARK, [rows.map(({ id }) => id)]);
        }
        await client.query('COMMIT');
        if (rows.length === 0) await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      }
      await client.end();
    };
    loop = work();
    loop.catch((error) => {
      console.error(error);
      process.exit(1);
    });
  },
  async stop() {
    isOver = true;
    await loop;
  },
});
