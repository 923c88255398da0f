/**
 * One key signs several kinds of text. Whatever kind it signed, the verifier of another kind must refuse it: the same
 * bytes as they stand, and the same signature carried over into the other kind's form.
 */
import { newKeyPair } from '@plexsphere/testkit';
import { importJWK, jwtVerify } from 'jose';
import { canonicalText } from '../canonical';
import { makeSealingPair, sealSecret, unsealSecret } from '../channel';
import { publicText } from '../algorithms';
import { buildEnvelope, NonceMemory, parseEnvelope, verifyEnvelope, type TrustedKey } from '../envelope';
import { encodeBusPublicKey } from '../nkey';
import { readProof, signKeyChange, signProof, type ProofClaims, type ProofKind } from './node-proof';
import { signAccessToken, verifyAccessToken, type AccessToken } from './access-token';
import { signData, verifyData } from './data';
import type { Statement } from './statement';
import { signStatement, verifyStatement } from './statement-signatures';
import { signBundle, verifyBundle, type TrustBundle } from './trust-bundle';

const now = new Date('2026-03-01T12:00:00Z');
/** Each under the name by which a Node says which key it is. */
const named = (pair: ReturnType<typeof newKeyPair>) => ({
  keyId: encodeBusPublicKey('user', Buffer.from(publicText(pair.publicKey), 'base64')),
  ...pair,
});
const key = named(newKeyPair());
const next = named(newKeyPair());
const trusted: TrustedKey[] = [{ keyId: key.keyId, publicKey: key.publicKey }];
const hash = Buffer.alloc(32).toString('base64url');

const statement: Statement = {
  type: 'rotate',
  scope: 'platform',
  epoch: 2,
  authority_epoch: null,
  old_key_id: key.keyId,
  old_public_key: publicText(key.publicKey),
  new_key_id: next.keyId,
  new_public_key: publicText(next.publicKey),
  opened_at: '2026-03-01T12:00:00Z',
  closes_at: '2026-03-02T12:00:00Z',
  transition_expires: '2026-03-02T12:00:30Z',
  next: Buffer.alloc(32, 1).toString('base64url'),
  previous: hash,
};
const anchor = {
  epoch: 1,
  trust_epoch: 1,
  active_key_id: key.keyId,
  staged_key_id: null,
  keys: [{ key_id: key.keyId, public_key: publicText(key.publicKey) }],
  statement_hash: hash,
  head_epoch: 1,
  next: hash,
};
const bundle: TrustBundle = {
  ...anchor,
  scope: 'platform',
  platform: anchor,
  recovery_public_key: publicText(next.publicKey),
  issued_at: '2026-03-01T12:00:00Z',
  expires_at: '2026-03-01T12:05:00Z',
};
const issuer = 'https://auth.example.com';
const token: AccessToken = {
  ...{ iss: issuer, sub: 'client-1', aud: 'https://api.example.com', client_id: 'client-1' },
  ...{ exp: now.getTime() / 1_000 + 3_600, iat: now.getTime() / 1_000, jti: 'A'.repeat(22), scope: 'read write' },
};
const pair = makeSealingPair();
const sealedFor = { scope: 'channel:c:a-to-b', keyId: 'k', epoch: 1, nodeId: '3a1f0d52-0000-4000-8000-000000000000' };
const told = { scope: sealedFor.scope, epoch: 1, node_id: sealedFor.nodeId, side: 'b', keys: [] };
const envelope = { eventType: 'resync', eventId: 'e', issuedAt: '2026-03-01T12:00:00Z', nonce: 'n' };
const signedEnvelope = (payload: object): string => {
  const canonical = canonicalText({ ...envelope, payload: JSON.stringify(payload) });
  const signature = key.privateKey.sign(Buffer.from(canonical));
  return buildEnvelope(canonical, { scope: 'platform', keyId: key.keyId }, signature);
};

const ofNode = { aud: 'A', exp: 1, node_id: sealedFor.nodeId };
const change = { ...ofNode, generation: 1 };
const claims: { [Each in Exclude<ProofKind, 'key-change'>]: ProofClaims[Each] } = {
  enroll: { aud: 'A', exp: 1, name: 'host' },
  ask: { ...ofNode, failed: null },
  'key-possession': { ...change, old_key: key.keyId, new_key: next.keyId },
  'key-confirm': { ...change, token_hash: 'a'.repeat(64) },
  token: { ...change, token_hash: 'a'.repeat(64), replace: true },
  logout: change,
};
const proofKinds: ProofKind[] = [...(Object.keys(claims) as (keyof typeof claims)[]), 'key-change'];
const madeProof = (kind: ProofKind): Promise<string> =>
  kind === 'key-change' ? signKeyChange(change, { old: key, new: next }) : signProof(kind, claims[kind], key);

interface Kind {
  make: () => string | Promise<string>;
  verify: (text: string) => unknown;
}
const kinds: Record<string, Kind> = {
  envelope: {
    make: () => signedEnvelope({ a: 1 }),
    verify: (text) => verifyEnvelope(parseEnvelope(text), trusted, now, new NonceMemory()),
  },
  statement: {
    make: () => signStatement(statement, key, next),
    verify: (text) => verifyStatement(text, key.publicKey),
  },
  bundle: { make: () => signBundle(bundle, key), verify: (text) => verifyBundle(text, trusted, now) },
  data: { make: () => signData({ a: 1 }, key), verify: (text) => verifyData(text, trusted, now) },
  token: {
    make: () => signAccessToken(token, key),
    verify: (text) => verifyAccessToken(text, trusted, { issuer, now }),
  },
  /** What a channel's members share is no signature at all, and opens for one of them alone. */
  'secret sealed to a member': {
    make: () => sealSecret(Buffer.alloc(32, 7), pair.publicKey, sealedFor),
    verify: (text) => unsealSecret(text, pair.privateKey, sealedFor),
  },
  /** What a Node says of its key; each for one thing. */
  ...Object.fromEntries(
    proofKinds.map((kind): [string, Kind] => [
      `proof-${kind}`,
      { make: () => madeProof(kind), verify: (text) => readProof([kind], text) },
    ]),
  ),
  /** A person may choose a payload, but not the type that it is signed as. */
  'data shaped as a statement': {
    make: () => signData(statement, key),
    verify: (text) => verifyData(text, trusted, now),
  },
  'data shaped as a bundle': { make: () => signData(bundle, key), verify: (text) => verifyData(text, trusted, now) },
  'data shaped as a token': { make: () => signData(token, key), verify: (text) => verifyData(text, trusted, now) },
  'data shaped as what a member is told': {
    make: () => signData(told, key),
    verify: (text) => verifyData(text, trusted, now),
  },
  'envelope shaped as a token': {
    make: () => signedEnvelope(token),
    verify: (text) => verifyEnvelope(parseEnvelope(text), trusted, now, new NonceMemory()),
  },
  'envelope shaped as a bundle': {
    make: () => signedEnvelope(bundle),
    verify: (text) => verifyEnvelope(parseEnvelope(text), trusted, now, new NonceMemory()),
  },
};

const names = Object.keys(kinds);
const kindOf = (name: string): string => name.split(' ')[0]!;
const pairs = names.flatMap((made) =>
  names.filter((verifier) => kindOf(verifier) !== kindOf(made)).map((verifier) => [verifier, made] as const),
);
const refusal = expect.objectContaining({
  name: expect.stringMatching(/^(Envelope|Jws|Channel)Error$/) as string,
}) as unknown;
const attempt = async (verifier: string, text: string): Promise<unknown> => kinds[verifier]!.verify(text);

test.each(names)('%s: its own verifier takes it', async (name) => {
  await expect(attempt(name, await kinds[name]!.make())).resolves.toBeDefined();
});

test.each(pairs)('the verifier of %s refuses %s', async (verifier, made) => {
  await expect(attempt(verifier, await kinds[made]!.make())).rejects.toEqual(refusal);
});

/** The compact form of the signature that `key` made, wherever it stands. */
const asCompact = (text: string): string => {
  if (!text.startsWith('{')) return text;
  const { payload, signatures } = JSON.parse(text) as {
    payload: string;
    signatures: { protected: string; signature: string }[];
  };
  return `${signatures[0]!.protected}.${payload}.${signatures[0]!.signature}`;
};
const asGeneral = (compact: string): string => {
  const [header, payload, signature] = compact.split('.');
  const one = { protected: header, signature };
  return JSON.stringify({ payload, signatures: [one, one] });
};
const asEnvelope = (compact: string): string => {
  const signature = Buffer.from(compact.split('.')[2]!, 'base64url');
  const canonical = canonicalText({ ...envelope, payload: JSON.stringify(compact) });
  return buildEnvelope(canonical, { scope: 'platform', keyId: key.keyId }, signature);
};

describe('a signature carried over into another form', () => {
  test.each(['statement', 'bundle', 'data', 'token', ...proofKinds.map((kind) => `proof-${kind}`)])(
    'of a %s',
    async (made) => {
      const compact = asCompact(await kinds[made]!.make());
      const forms = {
        ...{ envelope: asEnvelope(compact), statement: asGeneral(compact) },
        ...{ bundle: compact, data: compact, token: compact },
        ...Object.fromEntries(proofKinds.map((kind) => [`proof-${kind}`, compact])),
      };
      for (const [verifier, text] of Object.entries(forms)) {
        if (verifier !== made) await expect(attempt(verifier, text)).rejects.toEqual(refusal);
      }
    },
  );

  test('no JWS signing input begins as a canonical text does', async () => {
    for (const made of ['statement', 'bundle', 'data', 'token']) {
      expect(asCompact(await kinds[made]!.make())).toMatch(/^[A-Za-z0-9_-]/);
    }
    expect(canonicalText({ ...envelope, payload: null })).toMatch(/^\{/);
  });
});

/** Why no key signs both: what an issuer's keys sign is a table (SCOPE_POLICIES), and data is not in it. */
test('a library that is told no type takes a person’s data for a token, one that is told refuses it', async () => {
  const jwk = await importJWK({ ...key.publicKey.jwk, alg: 'EdDSA' });
  const at = { issuer, currentDate: now };
  const forged = await kinds['data shaped as a token']!.make();
  await expect(jwtVerify(forged, jwk, at)).resolves.toMatchObject({ payload: token });
  await expect(jwtVerify(forged, jwk, { ...at, typ: 'at+jwt' })).rejects.toMatchObject({ claim: 'typ' });
  const real = await kinds['token']!.make();
  await expect(jwtVerify(real, jwk, { ...at, typ: 'at+jwt' })).resolves.toMatchObject({ payload: token });
});
