import { keyObjectOf, newKeyPair } from '@plexsphere/testkit';
import { CompactSign } from 'jose';
import { publicText } from '../algorithms';
import type { TrustedKey } from '../envelope';
import { signData, verifyData } from './data';

const now = new Date('2026-03-01T12:00:00Z');
const base64url = (raw: string): string => Buffer.from(raw, 'base64').toString('base64url');
const pair = { keyId: 'key-1', ...newKeyPair() };
const trusted: TrustedKey[] = [{ keyId: pair.keyId, publicKey: pair.publicKey }];
const payload = { data: { pattern: 'x' }, n: 1 };
const refused = (code: string): unknown => expect.objectContaining({ name: 'JwsError', code });
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const header = { alg: 'EdDSA', typ: 'plexsphere-data+jws', kid: pair.keyId };
const signedWith = (changes: object, body = JSON.stringify(payload)): Promise<string> =>
  new CompactSign(Buffer.from(body)).setProtectedHeader({ ...header, ...changes }).sign(keyObjectOf(pair.privateKey));

test('data comes back as it was signed, with the key that signed it', async () => {
  await expect(verifyData(await signData(payload, pair), trusted, now)).resolves.toEqual({ keyId: 'key-1', payload });
});

test('its bytes are those that any JOSE library makes', async () => {
  expect(await signData(payload, pair)).toBe(await signedWith({}));
});

describe('hostile text', () => {
  test.each<[string, (parts: string[]) => string[]]>([
    ['nothing', () => ['']],
    ['two parts', ([a, b]) => [a!, b!]],
    ['four parts', (parts) => [...parts, 'x']],
    ['an empty signature', ([a, b]) => [a!, b!, '']],
    ['an empty header', ([, b, c]) => ['', b!, c!]],
    ['a header that is no JSON', ([, b, c]) => [Buffer.from('x').toString('base64url'), b!, c!]],
    ['a header that is a list', ([, b, c]) => [encode([header]), b!, c!]],
    ['a header that is not UTF-8', ([, b, c]) => [Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url'), b!, c!]],
    ['padding', ([a, b, c]) => [a!, b!, `${c}==`]],
    ['standard base64', ([a, b]) => [a!, b!, '+/'.repeat(43)]],
    ['a line feed', ([a, b, c]) => [a!, b!, `${c}\n`]],
  ])('%s is malformed', async (_, edit) => {
    const text = edit((await signData(payload, pair)).split('.')).join('.');
    await expect(verifyData(text, trusted, now)).rejects.toEqual(refused('malformed'));
  });

  test.each([undefined, null, 1, {}, ['a.b.c']])('%j is no text', async (value) => {
    await expect(verifyData(value as string, trusted, now)).rejects.toEqual(refused('malformed'));
  });

  test.each(['[]', '"text"', 'null', '1', '{"a":'])('a payload %s is malformed', async (body) => {
    await expect(verifyData(await signedWith({}, body), trusted, now)).rejects.toEqual(refused('malformed'));
  });
});

describe('hostile headers', () => {
  test.each([
    ['no kid', { kid: undefined }, 'malformed'],
    ['a kid that is a list', { kid: [pair.keyId] }, 'malformed'],
    [
      'a key of its own',
      { jwk: { kty: 'OKP', crv: 'Ed25519', x: base64url(publicText(pair.publicKey)) } },
      'malformed',
    ],
    ['a certificate of its own', { x5c: ['AA=='] }, 'malformed'],
    ['a role', { role: 'authority' }, 'malformed'],
    ['another kid', { kid: 'key-9' }, 'unknown_key'],
    ['a kid that every object has', { kid: '__proto__' }, 'unknown_key'],
    ['no type', { typ: undefined }, 'wrong_type'],
    ['the type of a JWT', { typ: 'JWT' }, 'wrong_type'],
  ])('%s is refused', async (_, changes, code) => {
    await expect(verifyData(await signedWith(changes), trusted, now)).rejects.toEqual(refused(code));
  });

  test.each([
    ['alg none with no signature', { ...header, alg: 'none' }, ''],
    ['alg none with the signature', { ...header, alg: 'none' }, undefined],
    ['alg HS256, keyed by the public key', { ...header, alg: 'HS256' }, undefined],
    ['no alg', { ...header, alg: undefined }, undefined],
  ])('%s is refused', async (_, forged, signature) => {
    const [, body, own] = (await signData(payload, pair)).split('.');
    const text = [encode(forged), body, signature ?? own].join('.');
    await expect(verifyData(text, trusted, now)).rejects.toEqual(refused('wrong_type'));
  });

  test.each([
    ['a member that stands twice in the header', `{"kid":"key-9",${JSON.stringify(header).slice(1)}`],
    ['blanks in the header', JSON.stringify(header).replace(':', ': ')],
    ['a header of endless nesting', `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`],
  ])('S16: %s is malformed', async (_, forged) => {
    const [, body, signature] = (await signData(payload, pair)).split('.');
    const text = [Buffer.from(forged).toString('base64url'), body, signature].join('.');
    await expect(verifyData(text, trusted, now)).rejects.toEqual(refused('malformed'));
  });

  test('something critical is refused', async () => {
    const [, body, signature] = (await signData(payload, pair)).split('.');
    const text = [encode({ ...header, crit: ['exp'], exp: 1 }), body, signature].join('.');
    await expect(verifyData(text, trusted, now)).rejects.toEqual(refused('malformed'));
  });
});

describe('keys', () => {
  test('a changed payload, and a key of the same name, do not verify', async () => {
    const [head, , signature] = (await signData(payload, pair)).split('.');
    const changed = [head, encode({ n: 2 }), signature].join('.');
    await expect(verifyData(changed, trusted, now)).rejects.toEqual(refused('signature_invalid'));
    const text = await signData(payload, { keyId: 'key-1', privateKey: newKeyPair().privateKey });
    await expect(verifyData(text, trusted, now)).rejects.toEqual(refused('signature_invalid'));
  });

  test('a key verifies strictly before its notAfter', async () => {
    const text = await signData(payload, pair);
    const until = (ms: number): TrustedKey[] => [{ ...trusted[0]!, notAfter: new Date(now.getTime() + ms) }];
    await expect(verifyData(text, until(1), now)).resolves.toBeDefined();
    await expect(verifyData(text, until(0), now)).rejects.toEqual(refused('unknown_key'));
  });
});
