import { randomUUID } from 'node:crypto';
import { publicText } from '@plexsphere/wire';
import { authoritiesFor, readStatement, statementHash } from '@plexsphere/wire/jws';
import type { RingKey, TestRing } from './test-ring';
import type { TestRings } from './test-rings';

/** One statement in SQL, as the database's owner. */
export type Query = (text: string, values: unknown[]) => Promise<unknown>;

/** What rotation finds in every database: whose recovery key it is. */
export async function seedInstallation(query: Query, { recovery }: TestRings): Promise<void> {
  await query(
    `INSERT INTO ring.installation (recovery_public_key, bus_account_public_key, bus_account_jwt) VALUES ($1, 'A', 'j')`,
    [publicText(recovery.privateKey)],
  );
}

/**
 * The ring as it is, and its changes after `afterEpoch`, by SQL of its own: it shares nothing with what it helps to test.
 * Returns the event id of the last change. Transitions and events are the caller's, and so is the transaction: who holds a
 * lease meanwhile would read a ring that never was, and refuse what it is then as a fork of it.
 */
export async function seedRing(query: Query, ring: TestRing, afterEpoch = 0): Promise<string> {
  const { scope, epoch, trustEpoch } = ring;
  await query(
    `INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES ($1, $2, $3)
     ON CONFLICT (scope) DO UPDATE SET epoch = excluded.epoch, trust_epoch = excluded.trust_epoch`,
    [scope, epoch, trustEpoch],
  );
  await query(`DELETE FROM ring.signing_key WHERE scope = $1`, [scope]);
  await query(
    `INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state, verifies_until, staged_at, rotate_by)
     SELECT $1, key_id, 'Ed25519', public_key, state, verifies_until, staged_at, rotate_by
       FROM jsonb_to_recordset($2::jsonb)
         AS k(key_id text, public_key text, state text, verifies_until timestamptz, staged_at timestamptz,
              rotate_by timestamptz)`,
    [scope, JSON.stringify(ring.keys.map(keyRow))],
  );
  const changes = ring.changes.slice(afterEpoch).map(({ activeKeyId, statement, ...change }) => ({
    ...change,
    ...stated(statement),
    key_id: activeKeyId,
    event_id: randomUUID(),
  }));
  await query(
    `INSERT INTO ring.ring_change (scope, epoch, change, active_key_id, event_id, statement, statement_hash, next,
                                   by_superior, authority_epoch, previous_key_id, previous_until, switched_at)
     SELECT $1, epoch, change, key_id, event_id, statement, hash, next, coalesce(by_superior, false), authority_epoch,
            previous_key_id, previous_until, clock_timestamp()
       FROM jsonb_to_recordset($2::jsonb)
         AS c(epoch bigint, change text, key_id text, event_id text, statement text, hash text, next text,
              by_superior boolean, authority_epoch bigint, previous_key_id text, previous_until timestamptz)`,
    [scope, JSON.stringify(changes)],
  );
  return changes.at(-1)!.event_id;
}

/** What of a statement stands beside it. By the superior authority: unless the platform's own key took itself back. */
function stated(statement: string | null): object {
  if (statement === null) return { statement };
  const { type, scope, next, authority_epoch, old_key_id, transition_expires } = readStatement(statement);
  const bySuperior = type !== 'recovery' && !authoritiesFor(type, scope).includes('active');
  const previous =
    transition_expires === null ? {} : { previous_key_id: old_key_id, previous_until: transition_expires };
  return { statement, hash: statementHash(statement), next, authority_epoch, by_superior: bySuperior, ...previous };
}

const keyRow = ({ keyId, privateKey, state, verifiesUntil }: RingKey): object => ({
  key_id: keyId,
  public_key: publicText(privateKey),
  state,
  verifies_until: verifiesUntil,
  staged_at: state === 'staged' ? new Date() : null,
  rotate_by: state === 'staged' ? verifiesUntil : null,
});
