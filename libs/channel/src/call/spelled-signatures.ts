/**
 * Signatures of a call in the one spelling that a sender here writes: a label a key, `k1` the newest's, and the parameters in
 * one order. What comes in it is read by looking once; any other spelling of the same is left to the library, which takes
 * each header apart by its grammar and puts it together again.
 */
import { isKeyId, isNonce } from '@plexsphere/wire';
import type { CallSignature } from './call-signatures';
import { COVERED, MAX_SIGNATURES, TAG } from './signature-base';

/** Nothing in it is escaped, and no number has another spelling: what is signed is what stands there. */
const PARAMETERS = new RegExp(
  `^;created=([1-9][0-9]{0,10});expires=([1-9][0-9]{0,10});nonce="([A-Za-z0-9_-]+)";keyid="([A-Za-z0-9._~-]+)";tag="${TAG}"$`,
);
const VALUE = /^:([A-Za-z0-9+/]{43}=):$/;

export interface SignatureParameters {
  created: number;
  expires: number;
  nonce: string;
  keyId: string;
}

/** `keyId` and `nonce` are such as isKeyId and isNonce take: no other character has to be escaped. */
export const spellParameters = ({ created, expires, nonce, keyId }: SignatureParameters): string =>
  `;created=${created};expires=${expires};nonce="${nonce}";keyid="${keyId}";tag="${TAG}"`;

/** The two headers, of the newest key first; `value` is in base64. */
export function spellSignatures(signatures: readonly { parameters: string; value: string }[]) {
  return {
    signature: signatures.map(({ value }, index) => `${labelOf(index)}:${value}:`).join(SEPARATOR),
    'signature-input': signatures
      .map(({ parameters }, index) => `${labelOf(index)}${COVERED}${parameters}`)
      .join(SEPARATOR),
  };
}

/** undefined where anything at all is spelled otherwise. */
export function readSpelled(signature: string, input: string): CallSignature[] | undefined {
  const [inputs, values] = [input.split(SEPARATOR), signature.split(SEPARATOR)];
  if (inputs.length !== values.length || inputs.length > MAX_SIGNATURES) return undefined;
  const read: CallSignature[] = [];
  for (let index = 0; index < inputs.length; index += 1) {
    const label = labelOf(index);
    const parameters = behind(`${label}${COVERED}`, inputs[index]);
    const value = VALUE.exec(behind(label, values[index]))?.[1];
    const [, created, expires, nonce, keyId] = PARAMETERS.exec(parameters) ?? [];
    if (value === undefined || !isNonce(nonce) || !isKeyId(keyId)) return undefined;
    const [createdMs, expiresMs] = [Number(created) * 1_000, Number(expires) * 1_000];
    read.push({ keyId, nonce, createdMs, expiresMs, parameters, value });
  }
  return read;
}

const SEPARATOR = ', ';

const labelOf = (index: number): string => `k${index + 1}=`;

/** Nothing where it begins otherwise. */
const behind = (beginning: string, text = ''): string =>
  text.startsWith(beginning) ? text.slice(beginning.length) : '';
