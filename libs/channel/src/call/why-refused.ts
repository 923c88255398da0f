import type { ChannelKey } from '../keys/channel-keys';
import type { RefusalReason } from '../refusals';
import { isCallBy, type CallSignature } from './call-signatures';
import { contentDigest } from './content-digest';
import { covered } from './signature-base';
import type { Target } from './target';

interface Call {
  target: Target;
  digest: string;
  body: Uint8Array;
  /** What the sender says that it signed. */
  signedTarget: Target | undefined;
}

/** What is the matter with a call that no key verifies: what would have to be otherwise for it to be good. */
export function whyRefused(
  signatures: readonly CallSignature[],
  { target, digest, body, signedTarget }: Call,
  keys: { held: readonly ChannelKey[]; opposite: readonly ChannelKey[] },
): RefusalReason {
  const isGood = (base: string, by: readonly ChannelKey[] = keys.held): boolean => by.some(isCallBy(signatures, base));
  if (isGood(covered(target, digest), keys.opposite)) return 'wrong_direction';
  if (!signatures.some(({ keyId }) => keys.held.some((key) => key.keyId === keyId))) return 'unknown_kid';
  if (isGood(covered(target, contentDigest(body)))) return 'wrong_digest';
  if (signedTarget !== undefined && isGood(covered(signedTarget, digest))) {
    if (signedTarget.method !== target.method) return 'wrong_method';
    return signedTarget.path !== target.path ? 'wrong_path' : 'wrong_query';
  }
  return 'signature_invalid';
}
