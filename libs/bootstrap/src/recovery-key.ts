import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { problem, rawPublicKey } from '@plexsphere/wire';

/** The authority of the platform ring's first statement, and of the way out when the platform key itself is lost. */
export interface RecoveryKey {
  keyId: 'recovery';
  privateKey: KeyObject;
  /** Standard base64 of the raw public key. */
  publicKey: string;
  /** The private half, encrypted PKCS#8. */
  pem: string;
  /** Only where we made it ourselves: then it must be handed over, too. */
  madePassphrase: string | undefined;
}

// The file may be stolen and tried at leisure, and PKCS#8 here stretches with 2,048 rounds only.
const SHORTEST_PASSPHRASE = 12;

/** @throws Problem invariantViolation, field `recovery_passphrase` */
export function makeRecoveryKey(passphrase: string | undefined): RecoveryKey {
  if (passphrase !== undefined && passphrase.length < SHORTEST_PASSPHRASE)
    throw problem('invariantViolation', { field: 'recovery_passphrase' });
  const madePassphrase = passphrase === undefined ? randomBytes(24).toString('base64url') : undefined;
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({
    format: 'pem',
    type: 'pkcs8',
    cipher: 'aes-256-cbc',
    passphrase: passphrase ?? madePassphrase,
  });
  return { keyId: 'recovery', privateKey, publicKey: rawPublicKey(privateKey), pem: pem.toString(), madePassphrase };
}
