import { randomUUID } from 'node:crypto';
import { publicText } from '@plexsphere/wire';
import { statementHash } from '@plexsphere/wire/jws';
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
 * Returns the event id of the last change. Transitions and events are the caller's.
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
    `INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state, verifies_until)
     SELECT $1, key_id, 'Ed25519', public_key, state, verifies_until FROM jsonb_to_recordset($2::jsonb)
         AS k(key_id text, public_key text, state text, verifies_until timestamptz)`,
    [scope, JSON.stringify(ring.keys.map(keyRow))],
  );
  const changes = ring.changes.slice(afterEpoch).map(({ activeKeyId, statement, ...change }) => ({
    ...change,
    statement,
    key_id: activeKeyId,
    event_id: randomUUID(),
    hash: statement && statementHash(statement),
  }));
  await query(
    `INSERT INTO ring.ring_change (scope, epoch, change, active_key_id, event_id, statement, statement_hash)
     SELECT $1, epoch, change, key_id, event_id, statement, hash FROM jsonb_to_recordset($2::jsonb)
         AS c(epoch bigint, change text, key_id text, event_id text, statement text, hash text)`,
    [scope, JSON.stringify(changes)],
  );
  return changes.at(-1)!.event_id;
}

const keyRow = ({ keyId, privateKey, state, verifiesUntil }: RingKey): object => ({
  key_id: keyId,
  public_key: publicText(privateKey),
  state,
  verifies_until: verifiesUntil,
});
