/** One signature by one key: the only place that asks jose to verify. */
import type { KeyObject } from 'node:crypto';
import { errors, flattenedVerify } from 'jose';
import { ALGORITHM } from './protected-header';
import { JwsError } from './jws-error';

/** A key that signs. Never crosses the wire. */
export interface SigningKey {
  keyId: string;
  privateKey: KeyObject;
}

export interface EncodedSignature {
  protected: string;
  payload: string;
  signature: string;
}

/** Throws JwsError `signature_invalid`. The header must have been read before: jose does not know our types. */
export async function verifySignature(jws: EncodedSignature, publicKey: KeyObject): Promise<void> {
  try {
    await flattenedVerify(jws, publicKey, { algorithms: [ALGORITHM] });
  } catch (error) {
    if (error instanceof errors.JOSEError) throw new JwsError('signature_invalid');
    throw error;
  }
}
