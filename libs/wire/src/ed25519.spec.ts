import crypto, { createPublicKey, randomBytes } from 'node:crypto';
import { newKeyPair } from '@plexsphere/testkit';
import { isPublicKey, publicKeyFromJwk, publicKeyFromText, publicText } from './algorithms';
import { privateKeyFromSeed, rawPublicKey } from './ed25519';
import { Problem } from './problem';

const X25519_SPKI = Buffer.from(`302a300506032b656e032100${'09'.padEnd(64, '0')}`, 'hex');
const RAW = 'd2B36koumdgRvAgkVOaiMx9QaS3w6Fb21LwnTZ08hB8=';

test('a raw public key comes back as it was', () => {
  expect(publicText(publicKeyFromText(RAW))).toBe(RAW);
});

describe('a seed makes the key that the standard says', () => {
  // RFC 8032, section 7.1, test 1.
  const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
  const made = () => rawPublicKey(privateKeyFromSeed(seed)).toString('hex');
  const PUBLIC = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';

  test('here', () => expect(made()).toBe(PUBLIC));

  test('and where the two halves of a JWK are compared, as by Node.js from 26 on', () => {
    const load = crypto.createPrivateKey;
    const refusing = jest.spyOn(crypto, 'createPrivateKey').mockImplementation((key) => {
      if (typeof key === 'object' && 'format' in key && key.format === 'jwk')
        throw new TypeError('Invalid JWK OKP key');
      return load(key);
    });
    expect(made()).toBe(PUBLIC);
    expect(refusing).toHaveBeenCalledTimes(2);
    refusing.mockRestore();
  });
});

test('a key of another algorithm has no raw form here', () => {
  const x25519 = createPublicKey({ key: X25519_SPKI, format: 'der', type: 'spki' });
  expect(() => rawPublicKey(x25519)).toThrow(TypeError);
});

test.each([
  ['empty', ''],
  ['unpadded', RAW.slice(0, -1)],
  ['URL-safe', '-_-_6koumdgRvAgkVOaiMx9QaS3w6Fb21LwnTZ08hB8='],
  ['31 bytes', Buffer.alloc(31, 1).toString('base64')],
  ['33 bytes', Buffer.alloc(33, 1).toString('base64')],
  ['with a line feed', `${RAW}\n`],
  ['with bits to spare in its last character', `${RAW.slice(0, -2)}9=`],
])('a public key that is %s is refused', (_, text) => {
  expect(() => publicKeyFromText(text)).toThrow(Problem);
});

// By its text alone it is told that a key is good: it is not loaded before it verifies.
test.each([
  ['a number beyond the field', `${'ff'.repeat(31)}7f`],
  ['the same with its sign', 'ff'.repeat(32)],
  ['a small number', `02${'00'.repeat(31)}`],
  ...Array.from({ length: 8 }, () => ['some bytes', randomBytes(32).toString('hex')]),
])('what is read as a key can be loaded: %s', (_, hex) => {
  const raw = Buffer.from(hex, 'hex');
  const key = publicKeyFromText(raw.toString('base64'));
  expect(key.jwk).toEqual({ kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') });
  expect(key.verify(raw, Buffer.alloc(64, 1))).toBe(false);
});

describe('S16: keys of small order', () => {
  const P = 2n ** 255n - 19n;
  const mod = (value: bigint): bigint => ((value % P) + P) % P;
  const power = (base: bigint, exponent: bigint): bigint => {
    let result = 1n;
    for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = mod(b * b)) if (e & 1n) result = mod(result * b);
    return result;
  };
  const inverse = (value: bigint): bigint => power(value, P - 2n);
  const D = mod(-121665n * inverse(121666n));

  type Point = { x: bigint; y: bigint };
  /** RFC 8032, section 5.1.3; undefined where no point has this y. */
  function pointOf(y: bigint): Point | undefined {
    const x2 = mod(mod(y * y - 1n) * inverse(mod(D * y * y + 1n)));
    let x = power(x2, (P + 3n) / 8n);
    if (mod(x * x) !== x2) x = mod(x * power(2n, (P - 1n) / 4n));
    return mod(x * x) === x2 ? { x, y } : undefined;
  }
  function double({ x, y }: Point): Point {
    const product = mod(D * x * x * y * y);
    return {
      x: mod(2n * x * y * inverse(mod(1n + product))),
      y: mod((y * y + x * x) * inverse(mod(1n - product))),
    };
  }
  const timesEight = (point: Point): Point => double(double(double(point)));
  const isIdentity = ({ x, y }: Point): boolean => x === 0n && y === 1n;
  const spelled = (y: bigint, sign: 0 | 1): string => {
    const bytes = Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse();
    bytes[31] = (bytes[31] ?? 0) | (sign << 7);
    return bytes.toString('base64');
  };
  const yOf = (hex: string): bigint => BigInt(`0x${Buffer.from(hex, 'hex').reverse().toString('hex')}`);
  const ofOrderEight = yOf('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');

  test('every multiple of a point of order eight is refused, in either spelling', () => {
    const ys = new Set<bigint>();
    const base = pointOf(ofOrderEight) as Point;
    expect(isIdentity(timesEight(base))).toBe(true);
    expect(isIdentity(double(double(base)))).toBe(false);
    for (const point of [base, double(base), double(double(base)), timesEight(base)]) {
      ys.add(point.y);
      ys.add(mod(-point.y));
    }
    // (0, 1), (0, -1), (±√-1, 0), and two ys with two signs each: eight points.
    expect(ys.size).toBe(5);
    for (const y of ys) {
      for (const spelling of [y, y + P].filter((each) => each < 2n ** 255n)) {
        for (const sign of [0, 1] as const) {
          const text = spelled(spelling, sign);
          expect(isPublicKey(text)).toBe(false);
          const x = Buffer.from(text, 'base64').toString('base64url');
          expect(publicKeyFromJwk({ kty: 'OKP', crv: 'Ed25519', x })).toBeUndefined();
        }
      }
    }
  });

  test('no honest key is refused', () => {
    for (let i = 0; i < 200; i += 1) {
      expect(isPublicKey(publicText(newKeyPair().publicKey))).toBe(true);
    }
  });
});
