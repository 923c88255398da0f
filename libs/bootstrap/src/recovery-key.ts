import { randomBytes } from 'node:crypto';
import { ALGORITHMS, MESH_ALGORITHM, publicText, sealRecoveryKey } from '@plexsphere/wire';
import type { SigningKey } from '@plexsphere/wire/jws';

/** The authority of the platform ring's first statement, and of the way out when the platform key itself is lost. */
export interface RecoveryKey extends SigningKey {
  publicKey: string;
  /** The private half, under the passphrase. */
  file: string;
  passphrase: string;
}

export async function makeRecoveryKey(): Promise<RecoveryKey> {
  // 192 bits.
  const passphrase = randomBytes(24).toString('base64url');
  const privateKey = await ALGORITHMS[MESH_ALGORITHM].generate();
  const file = await sealRecoveryKey(privateKey, passphrase);
  return { keyId: 'recovery', privateKey, publicKey: publicText(privateKey), file, passphrase };
}
