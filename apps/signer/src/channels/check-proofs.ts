import { channelProof, isSameMac } from '@plexsphere/wire';
import type { CheckProofsReply, ProofFields } from '@plexsphere/wire/commands';
import type { TakenRing } from '@plexsphere/lease-holder';
import type { PrivateKeys } from '../sign/signing-ring';
import { bySecret } from './secrets';

/** Whether members hold what they say they do, of the secrets that are loaded for their ring. */
export const checkedProofs = (ring: TakenRing<PrivateKeys>, proofs: readonly ProofFields[]): CheckProofsReply => ({
  results: proofs.map((proof) => verdictOn(ring, proof)),
});

function verdictOn(
  { view: { scope, keys }, loaded }: TakenRing<PrivateKeys>,
  { node_id: nodeId, key_id: keyId, epoch, proof }: ProofFields,
): CheckProofsReply['results'][number] {
  const privateKey = loaded.get(keyId);
  if (privateKey === undefined || !keys.some(({ key_id }) => key_id === keyId)) return 'unknown_key';
  const expected = bySecret(privateKey, (secret) => channelProof(secret, { scope, keyId, epoch, nodeId }));
  return isSameMac(proof, expected) ? 'right' : 'wrong';
}
