import { eventually } from '@plexsphere/testkit';
import type { World } from './world';

/** Times that a ring, its promotions and its schedule have; so much earlier is as good as a clock that is so much later. */
const TIMES = {
  'ring.signing_key': ['staged_at', 'published_at', 'rotate_by', 'verifies_until', 'tokens_until'],
  'ring.transition': ['opened_at', 'activated_at', 'closes_at', 'transition_expires', 'ended_at'],
  'ring.promotion': ['asked_at', 'deadline', 'ended_at'],
  'ring.policy': ['scheduled_since'],
  'ring.schedule': ['due_at', 'acted_at'],
  'ring.rotator_failure': ['failed_at', 'retry_at'],
};

/** Lets time pass for all that the database knows, of whatever scope: on a stack of a story's own, while nobody runs. */
export async function passForAll(world: World, span: string): Promise<void> {
  const tables = await world.query<{ name: string; columns: string[] }>(
    `SELECT format('%I.%I', table_schema, table_name) AS name, array_agg(column_name::text) AS columns
       FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
      WHERE table_schema IN ('ring', 'outbox', 'material') AND table_type = 'BASE TABLE'
        AND data_type = 'timestamp with time zone' AND is_generated = 'NEVER'
      GROUP BY 1`,
  );
  for (const { name, columns } of tables) {
    const earlier = columns.map((column) => `${column} = ${column} - $1::interval`).join(', ');
    await world.query(`UPDATE ${name} SET ${earlier}`, [span]);
  }
}

/** Lets time pass for one scope, as the database's rows tell it: other stories share the stack, and their time is their own. */
export async function pass(world: World, scope: string, span: string): Promise<void> {
  // What is recorded behind a kill only then would be of the present time.
  const isRecorded = async () => {
    const open = `SELECT FROM ring.ring_change WHERE scope = $1 AND switched_at IS NULL`;
    return (await world.query(open, [scope])).length === 0;
  };
  await eventually(isRecorded, { timeoutMs: 60_000, describe: `every switch of ${scope} recorded` });
  for (const [table, columns] of Object.entries(TIMES)) {
    const earlier = columns.map((column) => `${column} = ${column} - $2::interval`).join(', ');
    await world.query(`UPDATE ${table} SET ${earlier} WHERE scope = $1`, [scope, span]);
  }
}
