/** How a Node's key, or a token of it, ends: what the bus is to refuse from when on. */
import { CLOCK_SKEW_MS } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import { revokeBusUser, revokeSooner } from '../bus-account/bus-users';
import type { NodeKeyRow } from './read-node';

/** It gives way to another key until `until`. Of generation 0, which had no row, this one is its first. */
export async function retireKey(
  manager: EntityManager,
  nodeId: string,
  key: NodeKeyRow,
  { at, until }: { at: Date; until: Date },
): Promise<void> {
  await manager.query(
    key.generation === 0
      ? `INSERT INTO ring.node_key (node_id, generation, public_key, state, retiring_until)
         VALUES ($1, $2, $4, 'retiring', $3)`
      : `UPDATE ring.node_key SET state = 'retiring', retiring_until = $3 WHERE node_id = $1 AND generation = $2 AND public_key = $4`,
    [nodeId, key.generation, until, key.publicKey],
  );
  await revokeToken(manager, key, { at, until });
}

/**
 * All tokens of the key so far, at the last one's own second: a newer one of the same key goes on. When the credential of
 * generation 0 was made nobody wrote down: by a signer whose clock may be ahead.
 */
export const revokeToken = (
  manager: EntityManager,
  { publicKey, tokenIat, tokensUntil }: NodeKeyRow,
  { at, until }: { at: Date; until: Date },
): Promise<unknown> =>
  revokeBusUser(manager, {
    ...{ publicKey, kind: 'node_key', urgent: false, dueAt: until, expiresAt: tokensUntil },
    revokedAt: tokenIat === null ? new Date(at.getTime() + CLOCK_SKEW_MS) : new Date(tokenIat * 1_000),
  });

/** The one that still gives way, if there is one, does not any longer. */
export async function endRetiring(manager: EntityManager, nodeId: string): Promise<void> {
  const [ended] = await manager.query<[{ publicKey: string }[], number]>(
    `UPDATE ring.node_key SET state = 'retired', retiring_until = NULL
      WHERE node_id = $1 AND state = 'retiring' RETURNING public_key AS "publicKey"`,
    [nodeId],
  );
  for (const { publicKey } of ended) await revokeSooner(manager, publicKey);
}
