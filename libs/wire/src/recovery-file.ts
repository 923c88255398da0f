import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { ALGORITHMS, MESH_ALGORITHM, publicText, type PrivateKey } from './algorithms';
import { problem } from './problem';

/**
 * The recovery key's private half under a passphrase: AES-256-GCM by a key that scrypt made. The file may be stolen and
 * tried at leisure, and PKCS#8's own encryption stretches with 2,048 rounds of PBKDF2 only. It may be opened years later on
 * another machine, so everything that opening takes stands in it:
 *
 * `{"format": "plexsphere-recovery-key/1", "public_key", "scrypt": {"n", "r", "p", "salt"}, "nonce", "ciphertext"}`,
 * byte strings in base64; the ciphertext is the PKCS#8 DER with the GCM tag behind it. Associated data is the JSON text
 * of format, public_key and scrypt in this order, without white space, so that none of it can be exchanged.
 */
interface RecoveryFile {
  format: typeof FORMAT;
  /** Raw, as it crosses the wire. */
  public_key: string;
  scrypt: { n: number; r: number; p: number; salt: string };
  nonce: string;
  ciphertext: string;
}

const FORMAT = 'plexsphere-recovery-key/1';
/** 128 MiB and half a second for each try. */
const COST = { n: 2 ** 17, r: 8, p: 1 } as const;
/** What a file may ask of us: another's could name costs that take the machine down. */
const MOST_MEMORY = 2 ** 30;
const TAG_BYTES = 16;
const MOST_CHARACTERS = 4_096;

const stretch = promisify<string, Buffer, number, object, Buffer>(scrypt);

/** `cost` is written down beside it: what each try takes of whoever opens it. */
export async function sealRecoveryKey(
  privateKey: PrivateKey,
  passphrase: string,
  cost: Omit<RecoveryFile['scrypt'], 'salt'> = COST,
): Promise<string> {
  const open = {
    format: FORMAT,
    public_key: publicText(privateKey),
    scrypt: { ...cost, salt: randomBytes(16).toString('base64') },
  } as const;
  const nonce = randomBytes(12);
  const secret = privateKey.secret();
  const cipher = createCipheriv('aes-256-gcm', await keyOf(open, passphrase), nonce);
  cipher.setAAD(associatedData(open));
  const ciphertext = Buffer.concat([cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
  secret.fill(0);
  const file: RecoveryFile = { ...open, nonce: nonce.toString('base64'), ciphertext: ciphertext.toString('base64') };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/**
 * @throws Problem invariantViolation: field `recovery_key` for what is no such file, `recovery_passphrase` where it does not
 * open; the two cannot be told apart where the file was changed
 */
export async function openRecoveryKey(text: string, passphrase: string): Promise<PrivateKey> {
  const file = parse(text);
  const sealed = Buffer.from(file.ciphertext, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', await keyOf(file, passphrase), Buffer.from(file.nonce, 'base64'), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(associatedData(file));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    const secret = Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
    const privateKey = ALGORITHMS[MESH_ALGORITHM].load(secret);
    secret.fill(0);
    return privateKey;
  } catch {
    throw problem('invariantViolation', { field: 'recovery_passphrase' });
  }
}

function keyOf({ scrypt: { n, r, p, salt } }: Pick<RecoveryFile, 'scrypt'>, passphrase: string): Promise<Buffer> {
  // The same characters may be typed as different code points on another machine.
  return stretch(passphrase.normalize('NFC'), Buffer.from(salt, 'base64'), 32, { N: n, r, p, maxmem: MOST_MEMORY });
}

const associatedData = ({
  format,
  public_key,
  scrypt: { n, r, p, salt },
}: Omit<RecoveryFile, 'nonce' | 'ciphertext'>) =>
  Buffer.from(JSON.stringify({ format, public_key, scrypt: { n, r, p, salt } }));

function parse(text: string): RecoveryFile {
  try {
    if (text.length > MOST_CHARACTERS) throw new Error('too long');
    const file = JSON.parse(text) as RecoveryFile;
    const { n, r, p, salt } = file.scrypt;
    const whole =
      file.format === FORMAT &&
      [n, r, p].every((number) => Number.isSafeInteger(number) && number > 0) &&
      n > 1 &&
      Number.isInteger(Math.log2(n)) &&
      128 * n * r < MOST_MEMORY &&
      p <= 16 &&
      [file.public_key, salt, file.nonce, file.ciphertext].every((member) => typeof member === 'string') &&
      Buffer.from(file.nonce, 'base64').length === 12 &&
      Buffer.from(file.ciphertext, 'base64').length > TAG_BYTES;
    if (whole) return file;
  } catch {
    // Said below, in our words.
  }
  throw problem('invariantViolation', { field: 'recovery_key' });
}
