import type { Heart } from './heart';

/** Times that rings, promotions and schedules have; so much earlier is as good as a clock that is so much later. */
const TIMES = {
  'ring.signing_key': ['staged_at', 'published_at', 'rotate_by', 'verifies_until', 'tokens_until'],
  'ring.transition': ['opened_at', 'activated_at', 'closes_at', 'transition_expires', 'ended_at'],
  'ring.promotion': ['asked_at', 'deadline', 'ended_at'],
  'ring.policy': ['scheduled_since'],
  'ring.schedule': ['due_at', 'acted_at'],
  'ring.rotator_failure': ['failed_at', 'retry_at'],
};

/** Lets time pass, as the database's rows tell it. */
export async function pass(heart: Heart, span: string): Promise<void> {
  for (const [table, columns] of Object.entries(TIMES)) {
    await heart.owner.query(
      `UPDATE ${table} SET ${columns.map((column) => `${column} = ${column} - interval '${span}'`).join(', ')}`,
    );
  }
}

/** What a ring goes by, beyond the settings of the heart. */
export const decide = (heart: Heart, scope: string, own: object): Promise<unknown> =>
  heart.owner.query(
    `INSERT INTO ring.policy (scope, own, scheduled_since) VALUES ($1, $2, clock_timestamp())
     ON CONFLICT (scope) DO UPDATE SET own = $2`,
    [scope, JSON.stringify(own)],
  );

/** All Nodes of the scope, or that one, say that they hold what the ring has now. */
export const apply = (heart: Heart, scope: string, name: string | null = null): Promise<unknown> =>
  heart.owner.query(
    `UPDATE outbox.node_stream AS stream SET told_epoch = ring.trust_epoch, settled_epoch = ring.trust_epoch
       FROM ring.key_ring AS ring, ring.node AS node
      WHERE ring.scope = stream.scope AND node.id = stream.node_id AND stream.scope = $1
        AND ($2::text IS NULL OR node.name = $2)`,
    [scope, name],
  );
