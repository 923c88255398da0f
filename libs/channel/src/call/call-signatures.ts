/** The signatures of a call, and which of them are by a key. */
import { headerOf, type MessageHeaders } from '../headers';
import { isAnyMacOf } from '../mac';
import type { ChannelKey } from '../keys/channel-keys';
import type { RefusalReason } from '../refusals';
import { readByLibrary, type Covered } from './library-signatures';
import { readSpelled } from './spelled-signatures';

export interface CallSignature {
  keyId: string;
  nonce: string;
  createdMs: number;
  expiresMs: number;
  /** The rest of what is signed, behind `covered`. */
  parameters: string;
  /** In base64. */
  value: string;
}

/** Sixteen signatures with the longest key ids take less. */
const MAX_LENGTH = 8_192;

export function readCallSignatures(
  headers: MessageHeaders,
  call: Covered,
): readonly CallSignature[] | RefusalReason | Promise<readonly CallSignature[] | RefusalReason> {
  const [signature, input] = [headerOf(headers, 'signature'), headerOf(headers, 'signature-input')];
  if (signature === undefined || input === undefined) return 'signature_missing';
  if (signature.length > MAX_LENGTH || input.length > MAX_LENGTH) return 'malformed';
  return readSpelled(signature, input) ?? readByLibrary({ signature, 'signature-input': input }, call);
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
