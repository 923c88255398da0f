import { FUZZ_TIMEOUT_MS, fuzz, newKeyPair } from '@plexsphere/testkit';
import { ALGORITHMS, publicText } from '../algorithms';
import type { TrustedKey } from '../envelope';
import { signAccessToken, verifyAccessToken } from './access-token';
import { signData, verifyData } from './data';
import { JwsError } from './jws-error';
import { readStatement, signStatement, statementHash, verifyStatement } from './statement-signatures';
import { readBundle, signBundle, verifyBundle, type TrustBundle } from './trust-bundle';

const now = new Date('2026-03-01T12:00:00Z');
const later = '2026-03-02T12:00:00.000Z';
const authority = { keyId: 'key-1', ...newKeyPair() };
const possession = { keyId: 'key-2', ...newKeyPair() };
const trusted: TrustedKey[] = [authority];
const hash = Buffer.alloc(32, 7).toString('base64url');
const refuses = (error: unknown): boolean => error instanceof JwsError;

const statement = () =>
  signStatement(
    {
      type: 'rotate',
      scope: 'platform',
      epoch: 2,
      authority_epoch: null,
      old_key_id: authority.keyId,
      old_public_key: publicText(authority.publicKey),
      new_key_id: possession.keyId,
      new_public_key: publicText(possession.publicKey),
      opened_at: now.toISOString(),
      closes_at: later,
      transition_expires: later,
      next: Buffer.alloc(32, 1).toString('base64url'),
      previous: hash,
    },
    authority,
    possession,
  );

/** Of another algorithm, which it names. */
async function issuerStatement(): Promise<string> {
  const fresh = { keyId: 'web-1', privateKey: await ALGORITHMS.ES256.generate() };
  return signStatement(
    {
      ...{ type: 'create', scope: 'issuer:web', epoch: 1, authority_epoch: 1, old_key_id: null, old_public_key: null },
      ...{ new_key_id: fresh.keyId, new_public_key: publicText(fresh.privateKey), new_algorithm: 'ES256' },
      ...{ opened_at: now.toISOString(), closes_at: null, transition_expires: null, next: null, previous: null },
    },
    authority,
    fresh,
  );
}

const issuer = 'https://auth.example.com';
const token = () =>
  signAccessToken(
    {
      ...{ iss: issuer, sub: 'billing', aud: ['a', 'b'], client_id: 'billing', scope: 'read write' },
      ...{ exp: now.getTime() / 1_000 + 60, iat: now.getTime() / 1_000, jti: 'A'.repeat(22) },
    },
    authority,
  );

const anchor = {
  epoch: 3,
  trust_epoch: 2,
  keys: [
    { key_id: 'key-1', public_key: publicText(authority.publicKey) },
    { key_id: 'key-2', public_key: publicText(possession.publicKey), not_after: later },
  ],
  active_key_id: 'key-1',
  staged_key_id: null,
  statement_hash: hash,
  head_epoch: 2,
  next: hash,
};
const bundle: TrustBundle = {
  ...anchor,
  scope: 'platform',
  platform: anchor,
  recovery_public_key: publicText(possession.publicKey),
  issued_at: now.toISOString(),
  expires_at: '2026-03-01T12:05:00Z',
};

test(
  'a statement has one spelling, and so one hash',
  async () =>
    fuzz({
      samples: [await statement(), await issuerStatement()],
      parse: (text) => ({ text, statement: readStatement(text), hash: statementHash(text) }),
      refuses,
      accepted: (read) => {
        const { payload } = JSON.parse(read.text) as { payload: string };
        expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject(read.statement);
        expect(read.hash).toMatch(/^[\w-]{43}$/);
      },
    }),
  FUZZ_TIMEOUT_MS,
);

test(
  'only the statement that was signed verifies',
  async () => {
    const signed = await statement();
    await fuzz({
      samples: [signed],
      parse: (text) => verifyStatement(text, authority.publicKey),
      refuses,
      accepted: (_, text) => expect(text).toBe(signed),
    });
  },
  FUZZ_TIMEOUT_MS,
);

test(
  'a bundle that is only read keeps its shape',
  async () =>
    fuzz({
      samples: [await signBundle(bundle, authority)],
      parse: readBundle,
      refuses,
      accepted: async (read) => expect(readBundle(await signBundle(read, authority))).toEqual(read),
    }),
  FUZZ_TIMEOUT_MS,
);

test(
  'only the bundle, the data and the token that were signed verify',
  async () => {
    const signed = [await signBundle(bundle, authority), await signData({ a: [1, 'b'] }, authority), await token()];
    await fuzz<object>({
      samples: signed,
      parse: (text) =>
        verifyBundle(text, trusted, now)
          .catch(() => verifyData(text, trusted, now))
          .catch(() => verifyAccessToken(text, trusted, { issuer, now })),
      refuses,
      accepted: (_, text) => expect(signed).toContain(text),
    });
  },
  FUZZ_TIMEOUT_MS,
);
