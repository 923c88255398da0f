import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { MaterialError } from './errors';

export interface Sealed {
  nonce: Buffer;
  /** The GCM tag is its last 16 bytes. */
  ciphertext: Buffer;
}

/**
 * A key-encryption key: here a file, elsewhere a key-management service that never hands its key out, which is why
 * sealing and opening are its own and may take time.
 */
export interface KekProvider {
  /** Stands in every row that it wrapped. */
  readonly kekId: string;
  seal(plaintext: Uint8Array, associatedData: Uint8Array): Promise<Sealed>;
  /** @throws MaterialError tampered */
  open(sealed: Sealed, associatedData: Uint8Array): Promise<Buffer>;
}

export const KEK_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM by a key in this process's memory. */
export class LocalKek implements KekProvider {
  readonly kekId: string;
  /** Private by the language, so that no logger and no inspector prints it. */
  readonly #key: Buffer;

  constructor(key: Buffer) {
    if (key.length !== KEK_BYTES) throw new MaterialError('kek_malformed');
    this.#key = key;
    // 64 bits of a hash of 256 random bits: tells KEKs apart and says nothing about them.
    this.kekId = `kek-${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;
  }

  async seal(plaintext: Uint8Array, associatedData: Uint8Array): Promise<Sealed> {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(associatedData);
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    return { nonce, ciphertext };
  }

  async open({ nonce, ciphertext }: Sealed, associatedData: Uint8Array): Promise<Buffer> {
    if (nonce.length !== NONCE_BYTES || ciphertext.length < TAG_BYTES) throw new MaterialError('tampered');
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(associatedData);
    decipher.setAuthTag(ciphertext.subarray(-TAG_BYTES));
    const plaintext = decipher.update(ciphertext.subarray(0, -TAG_BYTES));
    try {
      return Buffer.concat([plaintext, decipher.final()]);
    } catch {
      throw new MaterialError('tampered');
    }
  }
}
