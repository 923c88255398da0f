/**
 * The signatures of a call, read by the library and judged by us: it answers null for a call without any, passes over key
 * ids that it does not know, and of several signatures goes by the last.
 */
import { isKeyId, isNonce } from '@plexsphere/wire';
import { httpbis } from 'http-message-signatures';
import { headerOf, type MessageHeaders } from '../headers';
import { isAnyMacOf } from '../mac';
import type { ChannelKey } from '../keys/channel-keys';
import type { RefusalReason } from '../refusals';
import { TAG, componentsOf, covered } from './signature-base';
import type { Target } from './target';

export interface CallSignature {
  keyId: string;
  nonce: string;
  createdMs: number;
  expiresMs: number;
  /** The rest of what is signed, behind `covered`. */
  parameters: string;
  value: Buffer;
}

interface Parameters {
  keyid?: unknown;
  nonce?: unknown;
  created?: unknown;
  expires?: unknown;
}

/** Sixteen signatures with the longest key ids take less. */
const MAX_LENGTH = 8_192;
const MAX_SIGNATURES = 16;

export async function readCallSignatures(
  headers: MessageHeaders,
  target: Target,
  digest: string,
): Promise<readonly CallSignature[] | RefusalReason> {
  const [signature, input] = [headerOf(headers, 'signature'), headerOf(headers, 'signature-input')];
  if (signature === undefined || input === undefined) return 'signature_missing';
  if (signature.length > MAX_LENGTH || input.length > MAX_LENGTH) return 'malformed';
  const signed = covered(target, digest);
  const found: { base: string; value: Buffer; parameters: Parameters }[] = [];
  const collect = async (base: Buffer, value: Buffer, parameters: Parameters = {}): Promise<boolean> => {
    found.push({ base: base.toString(), value, parameters });
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
      { method: target.method, url: '', headers: { signature, 'signature-input': input } },
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

/** Whether the key signed the call, as it came or as `base` has it. */
export const isCallBy =
  (signatures: readonly CallSignature[], base: string) =>
  (key: ChannelKey): boolean =>
    signaturesBy(signatures, base, key).length > 0;

export const signaturesBy = (
  signatures: readonly CallSignature[],
  base: string,
  { keyId, secret }: ChannelKey,
): CallSignature[] =>
  signatures.filter((each) => each.keyId === keyId && isAnyMacOf([each.value], secret, base, each.parameters));
