import { createHash } from 'node:crypto';
import { channelProof, checkValue, isSameMac, problem, type Proven, type RingView, type Scope } from '@plexsphere/wire';
import type { CheckProofs, CheckProofsReply, GenerateKeyReply, LoadKey } from '@plexsphere/wire/commands';

/** Secrets of channels as signers have them, each known to every spec by its name; in memory, without leases. */
export const secretOf = (scope: Scope, keyId: string): Buffer =>
  createHash('sha256').update(`${scope} ${keyId}`).digest();

/** As the member makes it that holds the key. */
export const proofOf = (proven: Proven): string => channelProof(secretOf(proven.scope, proven.keyId), proven);

export const madeSecret = (scope: Scope, keyId: string): GenerateKeyReply => ({
  ...{ public_key: null, check_value: checkValue(secretOf(scope, keyId), scope, keyId) },
  ...{ statement: null, statement_hash: null, next: null },
});

export function loadSecret({ scope, key_id: keyId, public_key: publicKey, check_value: value }: LoadKey): void {
  if (publicKey !== null || value !== madeSecret(scope, keyId).check_value) throw problem('keyUnavailable');
}

export function checkProofs({ scope, proofs }: CheckProofs, ring: RingView | undefined): CheckProofsReply {
  return {
    results: proofs.map(({ node_id: nodeId, key_id: keyId, epoch, proof }) => {
      if (ring?.keys.some(({ key_id: held }) => held === keyId) !== true) return 'unknown_key';
      return isSameMac(proof, proofOf({ scope, keyId, epoch, nodeId })) ? 'right' : 'wrong';
    }),
  };
}
