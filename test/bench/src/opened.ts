/** The commit of a rotation, and the barest statement that writes as many rows. */
import { randomUUID } from 'node:crypto';
import type { Mesh } from './mesh';
import { transactionOf, type StatementsDuring } from './statement-times';

export interface Opened {
  /** Of the statement that writes a row a Node. */
  statementMs: number;
  /** From the beginning of its transaction to its end: for so long nobody else changes the ring. */
  commitMs: number;
}

const IS_FAN_OUT = /INSERT INTO outbox\.key_message\b/;

export async function open(mesh: Mesh, statementsDuring: StatementsDuring): Promise<Opened> {
  const statements = await statementsDuring(() => mesh.rotate());
  const { statement, ms } = transactionOf(statements, ({ text }) => IS_FAN_OUT.test(text));
  return { statementMs: statement.ms, commitMs: ms };
}

/** A table with the columns of the one that rows of key events are in, and an index over event and Node; nothing else. */
export class BareTable {
  private constructor(private readonly mesh: Mesh) {}

  static async make(mesh: Mesh): Promise<BareTable> {
    await mesh.query('DROP TABLE IF EXISTS bench_bare');
    await mesh.query('CREATE TABLE bench_bare (LIKE outbox.key_message)');
    await mesh.query('CREATE UNIQUE INDEX ON bench_bare (event_id, node_id)');
    return new BareTable(mesh);
  }

  /** In a transaction of its own: what it takes to have so many rows on the disk is in its end. */
  async fill(statementsDuring: StatementsDuring): Promise<Opened> {
    const { mesh } = this;
    const statements = await statementsDuring(async () => {
      const client = await mesh.pool.connect();
      try {
        await client.query('BEGIN');
        await client.query(
          `INSERT INTO bench_bare (event_id, node_id)
           SELECT $2::uuid, id FROM ring.node WHERE scope = $1 AND state = 'enrolled' ORDER BY id`,
          [mesh.scope, randomUUID()],
        );
        await client.query('COMMIT');
      } finally {
        client.release();
      }
    });
    const { statement, ms } = transactionOf(statements, ({ text }) => text.startsWith('INSERT INTO bench_bare'));
    return { statementMs: statement.ms, commitMs: ms };
  }
}
