/**
 * What an algorithm of signing keys is, and the constructor of those with two halves: rows of the table in algorithms.ts.
 * A key knows its algorithm and works by no other, so that no message is ever asked by which one it wants to be verified
 * (RFC 8725, section 3.1; ADR 0017).
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  sign,
  verify,
  type AsymmetricKeyDetails,
  type KeyObject,
  type SigningOptions,
} from 'node:crypto';
import { promisify } from 'node:util';

export interface Algorithm {
  /** Its name in JOSE headers and JWKs (RFC 7518). */
  readonly alg: string;
  /** What its keys are called in JWKs (RFC 7518, section 6.1): verifiers that are told no key tell keys apart by this. */
  readonly kty: string;
  /** A new key, made off the main thread: an RSA key takes a third of a second. */
  generate(): Promise<PrivateKey>;
  /** Of the bytes that `secret` gave. Throws for anything but a key of this algorithm. */
  load(secret: Buffer): PrivateKey;
  /** undefined for anything but the one text of a good key; absent where the two sides share a secret. */
  read?(text: unknown): PublicKey | undefined;
  /** SPKI in DER, of a text that `read` took when it came in: what is ours by now is not looked at again at each use. */
  spki?(text: string): Buffer;
  /** The key that these members make (RFC 7517); undefined for anything but a good key. A private half is not looked at. */
  readJwk?(jwk: Readonly<Record<string, unknown>>): PublicKey | undefined;
}

export interface PublicKey {
  readonly algorithm: Algorithm;
  /** As it crosses the wire: one spelling for each key. */
  readonly text: string;
  /** The members that make the key (RFC 7517), in their usual order. */
  readonly jwk: Record<string, string>;
  verify(data: Uint8Array, signature: Uint8Array): boolean;
}

export interface PrivateKey {
  readonly algorithm: Algorithm;
  /** null: who verifies holds the same secret. */
  readonly publicKey: PublicKey | null;
  /** Of what is slow a promise, so that other requests go on meanwhile. */
  sign(data: Uint8Array): Buffer | Promise<Buffer>;
  verify(data: Uint8Array, signature: Uint8Array): boolean;
  /** What is to be wrapped. Whoever asks fills it with zeros afterwards. */
  secret(): Buffer;
}

/** How a public key is written; the key itself is SPKI in DER. */
export interface TextForm {
  write(spki: Buffer): string;
  /** The other way, of what `write` gave. */
  spki(text: string): Buffer;
  /** What loads the key; undefined for any text that `write` gives for no key. */
  read(text: string): (() => KeyObject) | undefined;
  /** What `read` gives is a good key, and need not be loaded to know: that takes longer than all else of a statement. */
  tellsGoodKeys?: true;
}

/** How keys of a type that node:crypto knows are made, written and used. */
export interface Asymmetric {
  alg: string;
  /** For node:crypto's generation: RSA's modulusLength, the namedCurve of an EC key. */
  generation?: { modulusLength?: number; namedCurve?: string };
  /** Which keys of the type are good enough: sizes, exponents, curves. */
  accepts?: (details: AsymmetricKeyDetails) => boolean;
  /** Absent where the algorithm brings its own. */
  digest?: string;
  signature?: SigningOptions;
  text?: TextForm;
}

type KeyType = 'ed25519' | 'ec' | 'rsa';

/** RFC 7518, section 6, and RFC 8037, section 2. */
const JWK_MEMBERS = { ed25519: ['kty', 'crv', 'x'], ec: ['kty', 'crv', 'x', 'y'], rsa: ['kty', 'n', 'e'] } as const;

const KTY: Readonly<Record<KeyType, string>> = { ed25519: 'OKP', ec: 'EC', rsa: 'RSA' };

/** An RSA key of 4,096 bits has 736 characters. */
const MOST_CHARACTERS = 1_024;

export function asymmetric(type: KeyType, how: Asymmetric): Algorithm {
  const { text: form = SPKI_BASE64, accepts = () => true, digest, signature } = how;
  const isGood = (key: KeyObject): boolean => key.asymmetricKeyType === type && accepts(key.asymmetricKeyDetails ?? {});
  const publicKey = (text: string, load: () => KeyObject): PublicKey =>
    new PublicHalf(algorithm, text, load, type, how);
  const algorithm: Algorithm = {
    ...{ alg: how.alg, kty: KTY[type] },
    generate: async () => {
      const secret = await generatedSecret(type, how.generation);
      const key = algorithm.load(secret);
      secret.fill(0);
      return key;
    },
    load: (secret) => {
      const key = createPrivateKey({ key: secret, ...PKCS8 });
      if (!isGood(key)) throw new TypeError(`not a key for ${how.alg}`);
      const half = createPublicKey(key);
      const own = publicKey(form.write(half.export(SPKI)), () => half);
      const options = signature === undefined ? key : { key, ...signature };
      return {
        algorithm,
        publicKey: own,
        // The others take less time than it takes to reach another thread.
        sign: (data) => (type === 'rsa' ? signElsewhere(digest, data, options) : sign(digest, data, options)),
        verify: (data, bytes) => own.verify(data, bytes),
        secret: () => key.export(PKCS8),
      };
    },
    read: (text) => {
      if (typeof text !== 'string' || text.length > MOST_CHARACTERS) return undefined;
      const load = form.read(text);
      if (load === undefined) return undefined;
      if (form.tellsGoodKeys) return publicKey(text, load);
      const half = load();
      return isGood(half) ? publicKey(text, () => half) : undefined;
    },
    spki: (text) => form.spki(text),
    readJwk: (jwk) => {
      const half = fromJwk(Object.fromEntries(JWK_MEMBERS[type].map((member) => [member, jwk[member]])));
      // By its text, as anybody reads it afterwards: what that refuses of good keys alone counts here, too.
      return half !== undefined && isGood(half) ? algorithm.read?.(form.write(half.export(SPKI))) : undefined;
    },
  };
  return algorithm;
}

const PKCS8 = { format: 'der', type: 'pkcs8' } as const;
const SPKI = { format: 'der', type: 'spki' } as const;

function fromJwk(members: Record<string, unknown>): KeyObject | undefined {
  const isShort = Object.values(members).every((text) => typeof text === 'string' && text.length <= MOST_CHARACTERS);
  if (!isShort) return undefined;
  try {
    return createPublicKey({ key: members, format: 'jwk' });
  } catch {
    return undefined;
  }
}

class PublicHalf implements PublicKey {
  readonly #load: () => KeyObject;
  #loaded: KeyObject | undefined;

  constructor(
    readonly algorithm: Algorithm,
    readonly text: string,
    load: () => KeyObject,
    private readonly type: KeyType,
    private readonly how: Asymmetric,
  ) {
    this.#load = load;
  }

  get #key(): KeyObject {
    return (this.#loaded ??= this.#load());
  }

  get jwk(): Record<string, string> {
    // Loaded from DER, never as it was generated: so the export cannot wait for the job that made the key.
    // eslint-disable-next-line no-restricted-syntax
    const jwk = this.#key.export({ format: 'jwk' });
    return Object.fromEntries(JWK_MEMBERS[this.type].map((member) => [member, String(jwk[member])]));
  }

  verify(data: Uint8Array, signature: Uint8Array): boolean {
    const { digest, signature: how } = this.how;
    return verify(digest, data, how === undefined ? this.#key : { key: this.#key, ...how }, signature);
  }
}

const signElsewhere = promisify<
  string | undefined,
  Uint8Array,
  KeyObject | (SigningOptions & { key: KeyObject }),
  Buffer
>(sign);

/**
 * PKCS#8 in DER, to be loaded from there: while a key object of the generation itself is exported as a JWK, a garbage
 * collection that ends the generation's job waits for ever for the lock that the export holds (Node 20).
 */
const generatedSecret = (type: KeyType, options: object = {}): Promise<Buffer> =>
  new Promise((resolve, reject) =>
    generateKeyPair(
      // The types know one overload a key type.
      type as 'ed25519',
      { ...options, privateKeyEncoding: PKCS8, publicKeyEncoding: SPKI },
      (error, _, secret) => (error === null ? resolve(secret) : reject(error)),
    ),
  );

/** The bytes of canonical, padded standard base64; undefined for any other spelling. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  // Buffer skips what it cannot read; only the one canonical spelling comes back as it was.
  return bytes.toString('base64') === text ? bytes : undefined;
}

const SPKI_BASE64: TextForm = {
  write: (spki) => spki.toString('base64'),
  spki: (text) => Buffer.from(text, 'base64'),
  read: (text) => {
    try {
      const key = createPublicKey({ key: Buffer.from(text, 'base64'), ...SPKI });
      // As the key's own numbers write it: DER of other bytes may say the same (a compressed point, other parameters).
      // eslint-disable-next-line no-restricted-syntax -- loaded from DER, as above
      const spki = createPublicKey({ key: key.export({ format: 'jwk' }), format: 'jwk' }).export(SPKI);
      return spki.toString('base64') === text ? () => key : undefined;
    } catch {
      // No key, or of a type that has no JWK.
      return undefined;
    }
  },
};
