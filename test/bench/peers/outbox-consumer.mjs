// Who receives what peers publish: verifies each envelope and marks its receipt in PostgreSQL, those of a few milliseconds
// in one statement. One connection for all Nodes; no order, no file of a Node's own.
import pg from 'pg';
import { connect } from 'nats';
import { openPublicKey, serve, verified } from './outbox-kit.mjs';

const GATHER_MS = 5;
const MARK = {
  name: 'mark',
  text: `INSERT INTO receipt (event_id, received_at) SELECT id, clock_timestamp() FROM unnest($1::text[]) id ON CONFLICT DO NOTHING`,
};
let marked = 0;

serve({
  async run({ databaseUrl, natsUrl, publicKey }) {
    const key = openPublicKey(publicKey);
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query(
      'CREATE TABLE IF NOT EXISTS receipt (event_id text PRIMARY KEY, received_at timestamptz NOT NULL)',
    );
    const bus = await connect({ servers: natsUrl });
    let received = [];
    let isMarking = false;
    const mark = async () => {
      while (received.length > 0) {
        const ids = received;
        received = [];
        await client.query(MARK, [ids]);
        marked += ids.length;
      }
      isMarking = false;
    };
    bus.subscribe('node.*.bus', {
      callback: (_, message) => {
        received.push(verified(key, message.string()));
        if (isMarking) return;
        isMarking = true;
        setTimeout(() => void mark(), GATHER_MS);
      },
    });
    await bus.flush();
  },
  look: () => marked,
});
