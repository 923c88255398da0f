/** HS256: who verifies holds what signs. A row of the table in algorithms.ts. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Algorithm } from './asymmetric';

/** As long as what SHA-256 gives: RFC 7518, section 3.2, wants no less. */
const SECRET_BYTES = 32;

export const SHARED_SECRET: Algorithm = {
  alg: 'HS256',
  kty: 'oct',
  generate: async () => SHARED_SECRET.load(await promisify(randomBytes)(SECRET_BYTES)),
  load: (secret) => {
    if (secret.length !== SECRET_BYTES) throw new TypeError('not a key for HS256');
    const key = Buffer.from(secret);
    const sign = (data: Uint8Array): Buffer => createHmac('sha256', key).update(data).digest();
    const verify = (data: Uint8Array, signature: Uint8Array): boolean => {
      const mac = sign(data);
      return mac.length === signature.length && timingSafeEqual(mac, signature);
    };
    return { algorithm: SHARED_SECRET, publicKey: null, sign, verify, secret: () => Buffer.from(key) };
  },
};
