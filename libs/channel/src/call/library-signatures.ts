/**
 * Signatures of a call in any spelling, read by the library and judged by us: it answers null for a call without any, passes
 * over key ids that it does not know, and of several signatures goes by the last.
 */
import { isKeyId, isNonce } from '@plexsphere/wire';
import { httpbis } from 'http-message-signatures';
import type { RefusalReason } from '../refusals';
import type { CallSignature } from './call-signatures';
import { MAX_SIGNATURES, TAG, componentsOf } from './signature-base';
import type { Target } from './target';

/** What a signature has to cover. */
export interface Covered {
  target: Target;
  digest: string;
  /** As `covered` has it. */
  base: string;
}

interface Parameters {
  keyid?: unknown;
  nonce?: unknown;
  created?: unknown;
  expires?: unknown;
}

export async function readByLibrary(
  headers: { signature: string; 'signature-input': string },
  { target, digest, base: signed }: Covered,
): Promise<readonly CallSignature[] | RefusalReason> {
  const found: { base: string; value: string; parameters: Parameters }[] = [];
  const collect = async (base: Buffer, value: Buffer, parameters: Parameters = {}): Promise<boolean> => {
    found.push({ base: base.toString(), value: value.toString('base64'), parameters });
    return true;
  };
  const key = { algs: ['hmac-sha256'], verify: collect };
  let isOfChannel = false;
  try {
    await httpbis.verifyMessage(
      {
        keyLookup: async ({ tag }) => {
          isOfChannel ||= tag === TAG;
          return tag === TAG ? key : null;
        },
        componentParser: componentsOf(target, digest),
        // It shortens the age that it allows by the tolerance: times are looked at by whoever verifies.
        tolerance: Number.MAX_SAFE_INTEGER,
      },
      { method: target.method, url: '', headers },
    );
  } catch {
    // One label that cannot be read, somebody else's perhaps: those that can are looked at.
    if (found.length === 0) return 'malformed';
  }
  if (found.length === 0) return isOfChannel ? 'malformed' : 'signature_missing';
  if (found.length > MAX_SIGNATURES) return 'malformed';
  const read = found.flatMap(({ base, value, parameters }) => {
    const rest = base.startsWith(`${signed};`) ? parametersOf(parameters) : undefined;
    return rest === undefined ? [] : [{ ...rest, value, parameters: base.slice(signed.length) }];
  });
  return read.length === 0 ? 'not_covered' : read;
}

/** undefined where one is missing or is not what it has to be. */
function parametersOf({ keyid, nonce, created, expires }: Parameters) {
  if (!isKeyId(keyid) || !isNonce(nonce) || !(created instanceof Date) || !Number.isInteger(expires)) return undefined;
  const createdMs = created.getTime();
  return Number.isNaN(createdMs)
    ? undefined
    : { keyId: keyid, nonce, createdMs, expiresMs: (expires as number) * 1_000 };
}
