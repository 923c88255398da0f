/** What holds for each row of the table of algorithms, and for those that have a public half. */
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { rsaPublicKey } from '@plexsphere/testkit';
import { compactVerify, importJWK } from 'jose';
import { ALGORITHMS, type Algorithm, type PrivateKey } from './algorithms';
import { signData, verifyData } from './jws';

// Keys of RSA take a third of a second of a core each.
jest.setTimeout(60_000);

const ROWS: Record<string, Algorithm> = ALGORITHMS;
const NAMES = Object.keys(ROWS);
const WITH_HALVES = NAMES.filter((name) => ROWS[name]?.read !== undefined);
/** Keys for RS256 and PS256 are the same: what tells them apart is the row that they are kept under. */
const areOfOneType = (...names: [string, string]): boolean =>
  names[0] === names[1] || names.every((name) => name === 'RS256' || name === 'PS256');
const isRsa = (name: string): boolean => areOfOneType(name, 'RS256');
const row = (name: string): Algorithm => ROWS[name]!;

const DATA = Buffer.from('{"event_type":"policy_changed"}');
/** Two keys of each row: one to work by, and another one that must not do in its place. */
const keys = new Map<string, [PrivateKey, PrivateKey]>();
const keyOf = (name: string, which = 0): PrivateKey => keys.get(name)![which]!;
const textOf = (name: string): string => keyOf(name).publicKey!.text;

beforeAll(async () => {
  for (const name of NAMES.filter((each) => each !== 'PS256')) {
    keys.set(name, [await row(name).generate(), await row(name).generate()]);
  }
  const same = (which: 0 | 1): PrivateKey => row('PS256').load(keyOf('RS256', which).secret());
  keys.set('PS256', [same(0), same(1)]);
});

const PEM = { format: 'pem', type: 'pkcs8' } as const;
const spki = (key: Parameters<typeof createPublicKey>[0]): string =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64');

describe.each(WITH_HALVES)('%s: hostile text of a public key', (name) => {
  const hostile: [string, () => unknown][] = [
    ['nothing', () => ''],
    ['no text', () => undefined],
    ['a list of it', () => [textOf(name)]],
    [
      'unpadded',
      () =>
        textOf(name)
          .replace(/=*$/, '')
          .slice(0, textOf(name).endsWith('=') ? undefined : -1),
    ],
    ['a line feed behind', () => `${textOf(name)}\n`],
    ['a blank before', () => ` ${textOf(name)}`],
    ['URL-safe', () => textOf(name).replace(/[A-Za-z0-9]/, '-')],
    ['a byte short', () => Buffer.from(textOf(name), 'base64').subarray(0, -1).toString('base64')],
    ['a byte long', () => Buffer.concat([Buffer.from(textOf(name), 'base64'), Buffer.of(0)]).toString('base64')],
    ['a kilobyte of zeros', () => Buffer.alloc(1_024).toString('base64')],
    ['a megabyte', () => 'A'.repeat(1_048_576)],
    ['PEM', () => `-----BEGIN PUBLIC KEY-----\n${textOf(name)}\n-----END PUBLIC KEY-----\n`],
    ['its private half', () => keyOf(name).secret().toString('base64')],
  ];
  test.each(hostile)('%s is refused', (_, text) => {
    expect(row(name).read?.(text())).toBeUndefined();
  });

  test('a key of another algorithm is refused', () => {
    const others = WITH_HALVES.filter((other) => !areOfOneType(name, other));
    for (const other of others) expect(row(name).read?.(textOf(other))).toBeUndefined();
  });
});

describe('public keys that node:crypto takes and a row refuses', () => {
  const generated = (...[type, options]: [type: 'ec' | 'x448', options: object]): string =>
    generateKeyPairSync(type as 'ec', {
      ...(options as { namedCurve: string }),
      publicKeyEncoding: { format: 'der', type: 'spki' },
      privateKeyEncoding: { format: 'der', type: 'pkcs8' },
    }).publicKey.toString('base64');
  const compressed = (): string => {
    const der = Buffer.from(textOf('ES256'), 'base64');
    const [head, x, odd] = [der.subarray(0, 26), der.subarray(27, 59), (der.at(-1) ?? 0) & 1];
    const text = Buffer.concat([head, Buffer.of(2 + odd), x]);
    text[1] = text.length - 2;
    text[24] = 34;
    return text.toString('base64');
  };
  test.each([
    ['ES256', 'a compressed point', compressed],
    ['ES256', 'another curve', () => generated('ec', { namedCurve: 'secp384r1' })],
    ['ES256', 'the curve of coins', () => generated('ec', { namedCurve: 'secp256k1' })],
    ['ES256', 'a curve that no JWK has', () => generated('ec', { namedCurve: 'brainpoolP256r1' })],
    ['ES256', 'a key that agrees and does not sign', () => generated('x448', {})],
    ['RS256', 'a short modulus', () => rsaPublicKey(1_024)],
    ['RS256', 'a byte below the shortest', () => rsaPublicKey(2_040)],
    ['PS256', 'a byte beyond the longest', () => rsaPublicKey(4_104)],
    ['RS256', 'an exponent of 3', () => rsaPublicKey(2_048, 'Aw')],
    ['PS256', 'an exponent beyond all', () => rsaPublicKey(2_048, Buffer.alloc(200, 0xff).toString('base64url'))],
  ])('%s: %s', (name, _, text) => {
    expect(spki({ key: Buffer.from(text(), 'base64'), format: 'der', type: 'spki' })).toMatch(/^M/);
    expect(row(name).read?.(text())).toBeUndefined();
  });

  test.each(['RS256', 'PS256'])('%s: the shortest and the longest that are good', (name) => {
    for (const bits of [2_048, 4_096]) expect(row(name).read?.(rsaPublicKey(bits))).toBeDefined();
  });
});

describe.each(NAMES)('%s', (name) => {
  test('what it signs verifies, by the same data and key alone', async () => {
    const signature = await keyOf(name).sign(DATA);
    expect(keyOf(name).verify(DATA, signature)).toBe(true);
    expect(keyOf(name, 1).verify(DATA, signature)).toBe(false);
    expect(keyOf(name).verify(Buffer.concat([DATA, Buffer.of(0)]), signature)).toBe(false);
    for (let at = 0; at < signature.length; at += 7) {
      const flipped = Buffer.from(signature);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
      expect(keyOf(name).verify(DATA, flipped)).toBe(false);
    }
  });

  test.each([0, 1, 31, 63, 64, 65, 72, 256, 4_096])(
    'a signature of %i other bytes is refused, not thrown at',
    (bytes) => {
      expect(keyOf(name).verify(DATA, Buffer.alloc(bytes, 0x30))).toBe(false);
    },
  );

  test('its secret is the whole key, and each answer a copy', async () => {
    const secret = keyOf(name).secret();
    const again = row(name).load(secret);
    secret.fill(0);
    expect(again.publicKey?.text).toBe(keyOf(name).publicKey?.text);
    expect(keyOf(name).verify(DATA, await again.sign(DATA))).toBe(true);
    expect(
      keyOf(name)
        .secret()
        .every((byte) => byte === 0),
    ).toBe(false);
  });

  test.each(NAMES.filter((other) => !areOfOneType(name, other)))('does not load a secret of %s', (other) => {
    expect(() => row(name).load(keyOf(other).secret())).toThrow();
  });

  test('shows its secret to no inspector and no JSON', () => {
    const key = keyOf(name);
    const shown = inspect(key, { depth: 9, showHidden: true }) + JSON.stringify(key);
    const secret = key.secret().subarray(-32);
    for (const encoding of ['hex', 'base64', 'base64url', 'latin1'] as const) {
      expect(shown).not.toContain(secret.toString(encoding).slice(0, 24));
    }
  });

  test('keys are made off the main thread', async () => {
    let turns = 0;
    const tick = setInterval(() => (turns += 1), 1);
    await row(name).generate();
    clearInterval(tick);
    // RSA alone takes long enough to tell: on the main thread no timer would have run at all.
    if (name === 'RS256') expect(turns).toBeGreaterThan(3);
  });

  test('what is slow signs off the main thread', async () => {
    let turns = 0;
    let isSigning = true;
    const turn = (): void => {
      turns += 1;
      if (isSigning) setImmediate(turn);
    };
    setImmediate(turn);
    for (let n = 0; n < 50; n += 1) await keyOf(name).sign(DATA);
    isSigning = false;
    // Fifty signatures in a row on the main thread are one turn of the event loop, or none.
    if (isRsa(name)) expect(turns).toBeGreaterThan(10);
    else expect(turns).toBe(0);
  });
});

describe.each(WITH_HALVES)('%s: the public half', (name) => {
  test('comes back from its text, and verifies', async () => {
    const half = row(name).read?.(textOf(name));
    expect(half?.text).toBe(textOf(name));
    expect(half?.algorithm).toBe(row(name));
    expect(half?.verify(DATA, await keyOf(name).sign(DATA))).toBe(true);
    expect(half).toEqual(keyOf(name).publicKey);
    expect(half).not.toEqual(keyOf(name, 1).publicKey);
  });

  test('as a JWK it is the same key, and public', () => {
    const { jwk } = keyOf(name).publicKey!;
    expect(spki({ key: jwk, format: 'jwk' })).toBe(
      spki(createPrivateKey({ key: keyOf(name).secret(), format: 'der', type: 'pkcs8' }).export(PEM)),
    );
    for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(jwk).not.toHaveProperty(secret);
  });

  test('any JOSE library takes a JWS by it', async () => {
    const { alg } = row(name);
    const { jwk } = keyOf(name).publicKey!;
    const text = await signData({ a: 1 }, { keyId: 'k', privateKey: keyOf(name) });
    const verified = await compactVerify(text, await importJWK({ ...jwk, alg }), { algorithms: [alg] });
    expect(verified.protectedHeader).toEqual({ alg, typ: 'plexsphere-data+jws', kid: 'k' });
  });
});

describe('a JWS is by the algorithm of the key, never by that of its header', () => {
  const now = new Date();
  const trusted = (name: string) => [{ keyId: 'k', publicKey: keyOf(name).publicKey! }];
  const verdict = (name: string, text: string): Promise<string> =>
    verifyData(text, trusted(name), now).then(
      () => 'taken',
      (error: { code: string }) => error.code,
    );
  test.each(WITH_HALVES.flatMap((signs) => WITH_HALVES.map((verifies) => [signs, verifies] as const)))(
    'by %s, verified by a key of %s',
    async (signs, verifies) => {
      const text = await signData({ a: 1 }, { keyId: 'k', privateKey: keyOf(signs) });
      expect(await verdict(verifies, text)).toBe(signs === verifies ? 'taken' : 'wrong_type');
    },
  );

  test.each(WITH_HALVES)('the public half of %s as an HMAC secret signs nothing', async (name) => {
    const [, payload] = (await signData({ a: 1 }, { keyId: 'k', privateKey: keyOf(name) })).split('.');
    const header = Buffer.from('{"alg":"HS256","typ":"plexsphere-data+jws","kid":"k"}').toString('base64url');
    const mac = createHmac('sha256', textOf(name)).update(`${header}.${payload}`).digest('base64url');
    expect(await verdict(name, `${header}.${payload}.${mac}`)).toBe('wrong_type');
  });
});
