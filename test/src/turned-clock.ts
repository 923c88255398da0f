import type { World } from './world';

/** Times that a ring, its promotions and its schedule have; so much earlier is as good as a clock that is so much later. */
const TIMES = {
  'ring.signing_key': ['staged_at', 'rotate_by', 'verifies_until'],
  'ring.transition': ['opened_at', 'closes_at', 'transition_expires', 'ended_at'],
  'ring.promotion': ['asked_at', 'deadline', 'ended_at'],
  'ring.policy': ['scheduled_since'],
  'ring.schedule': ['due_at', 'acted_at'],
  'ring.rotator_failure': ['failed_at', 'retry_at'],
};

/** Lets time pass for one scope, as the database's rows tell it: other stories share the stack, and their time is their own. */
export async function pass(world: World, scope: string, span: string): Promise<void> {
  for (const [table, columns] of Object.entries(TIMES)) {
    const earlier = columns.map((column) => `${column} = ${column} - $2::interval`).join(', ');
    await world.query(`UPDATE ${table} SET ${earlier} WHERE scope = $1`, [scope, span]);
  }
}
