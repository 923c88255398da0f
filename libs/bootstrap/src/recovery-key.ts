import { randomBytes, type KeyObject } from 'node:crypto';
import { makeKeyPair, problem, rawPublicKey } from '@plexsphere/wire';
import { sealRecoveryKey } from './recovery-file';

/** The authority of the platform ring's first statement, and of the way out when the platform key itself is lost. */
export interface RecoveryKey {
  keyId: 'recovery';
  privateKey: KeyObject;
  /** Standard base64 of the raw public key. */
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
  const { privateKey, publicKey } = makeKeyPair();
  const file = await sealRecoveryKey(privateKey, passphrase ?? madePassphrase ?? '');
  return { keyId: 'recovery', privateKey, publicKey: rawPublicKey(publicKey), file, madePassphrase };
}
