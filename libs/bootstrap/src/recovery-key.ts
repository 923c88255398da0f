import { randomBytes } from 'node:crypto';
import { ALGORITHMS, MESH_ALGORITHM, problem, publicText } from '@plexsphere/wire';
import type { SigningKey } from '@plexsphere/wire/jws';
import { sealRecoveryKey } from './recovery-file';

/** The authority of the platform ring's first statement, and of the way out when the platform key itself is lost. */
export interface RecoveryKey extends SigningKey {
  publicKey: string;
  /** The private half, under the passphrase. */
  file: string;
  /** Only where we made it ourselves: then it must be handed over, too. */
  madePassphrase: string | undefined;
}

const SHORTEST_PASSPHRASE = 12;

/** @throws Problem invariantViolation, field `recovery_passphrase` */
export async function makeRecoveryKey(passphrase: string | undefined): Promise<RecoveryKey> {
  if (passphrase !== undefined && passphrase.length < SHORTEST_PASSPHRASE)
    throw problem('invariantViolation', {
      field: 'recovery_passphrase',
      reason: `needs at least ${SHORTEST_PASSPHRASE} characters`,
    });
  // 192 bits.
  const madePassphrase = passphrase === undefined ? randomBytes(24).toString('base64url') : undefined;
  const privateKey = await ALGORITHMS[MESH_ALGORITHM].generate();
  const file = await sealRecoveryKey(privateKey, passphrase ?? madePassphrase ?? '');
  return { keyId: 'recovery', privateKey, publicKey: publicText(privateKey), file, madePassphrase };
}
