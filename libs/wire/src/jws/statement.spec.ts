import { createHash, createPublicKey } from 'node:crypto';
import { keyObjectOf, newKeyPair } from '@plexsphere/testkit';
import { GeneralSign, generalVerify } from 'jose';
import { publicText, type PrivateKey, type PublicKey } from '../algorithms';
import { keyHash, type Statement } from './statement';
import {
  joinStatement,
  readStatement,
  signStatement,
  statementHash,
  statementSignature,
  verifyStatement,
} from './statement-signatures';

interface Pair {
  keyId: string;
  privateKey: PrivateKey;
  publicKey: PublicKey;
}
const base64url = (raw: string): string => Buffer.from(raw, 'base64').toString('base64url');
const pair = (keyId: string): Pair => ({ keyId, ...newKeyPair() });
const [old, fresh, platform, stranger] = [pair('key-1'), pair('key-2'), pair('platform-1'), pair('stranger')];

const rotation: Statement = {
  type: 'rotate',
  scope: 'domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1',
  epoch: 2,
  authority_epoch: null,
  old_key_id: old.keyId,
  old_public_key: publicText(old.publicKey),
  new_key_id: fresh.keyId,
  new_public_key: publicText(fresh.publicKey),
  opened_at: '2026-03-01T12:00:00Z',
  closes_at: '2026-03-02T12:00:00Z',
  transition_expires: '2026-03-02T12:00:30Z',
  next: createHash('sha256').update('the key ahead').digest('base64url'),
  previous: createHash('sha256').update('the one before').digest('base64url'),
};
const creation: Statement = {
  ...rotation,
  type: 'create',
  epoch: 1,
  authority_epoch: 1,
  old_key_id: null,
  old_public_key: null,
  closes_at: null,
  transition_expires: null,
  previous: null,
};

const recommitment: Partial<Statement> = {
  type: 'recommit',
  authority_epoch: 1,
  new_key_id: old.keyId,
  new_public_key: publicText(old.publicKey),
  closes_at: null,
  transition_expires: null,
};

interface General {
  payload: string;
  signatures: { protected: string; signature: string }[];
}
const TYP = 'plexsphere-statement+jws';
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const header = (role: string, kid: string): Record<string, unknown> => ({ alg: 'EdDSA', typ: TYP, kid, role });

/** A statement with any payload and headers at all, by whichever keys: what a hostile signer could make. */
const forge = async (payload: unknown, ...signers: [PrivateKey, Record<string, unknown>][]): Promise<string> => {
  const general = new GeneralSign(Buffer.from(JSON.stringify(payload)));
  for (const [privateKey, protectedHeader] of signers) {
    general
      .addSignature(keyObjectOf(privateKey), { crit: { b64: true } })
      .setProtectedHeader(protectedHeader as { alg: string });
  }
  return JSON.stringify(await general.sign());
};
const byBoth = (payload: unknown, changes: Record<string, unknown> = {}): Promise<string> =>
  forge(
    payload,
    [old.privateKey, { ...header('authority', old.keyId), ...changes }],
    [fresh.privateKey, { ...header('possession', fresh.keyId), ...changes }],
  );
const edited = async (edit: (jws: General) => unknown): Promise<string> => {
  const jws = JSON.parse(await signStatement(rotation, old, fresh)) as General;
  return JSON.stringify(edit(jws) ?? jws);
};
const refused = (code: string): unknown => expect.objectContaining({ name: 'JwsError', code });

test('a statement comes back as it was signed', async () => {
  const text = await signStatement(rotation, old, fresh);
  await expect(verifyStatement(text, old.publicKey)).resolves.toEqual(rotation);
  expect(readStatement(text)).toEqual(rotation);
});

test.each<[string, Partial<Statement>, boolean, string]>([
  ['a first statement', { ...creation }, false, 'signature_missing'],
  ['a stage', { type: 'stage', closes_at: null }, false, 'signature_missing'],
  ['an unstage', { type: 'unstage', closes_at: null, transition_expires: null }, true, 'signature_too_many'],
  ['a recommitment', { ...recommitment }, true, 'signature_too_many'],
])('%s has as many signatures as its type says, always', async (_, members, isSigned, code) => {
  const text = await forge(
    { ...rotation, ...members },
    [old.privateKey, header('authority', old.keyId)],
    ...(isSigned
      ? [[fresh.privateKey, header('possession', fresh.keyId)] as [PrivateKey, Record<string, unknown>]]
      : []),
  );
  expect(() => readStatement(text)).toThrow(refused(code) as Error);
});

describe('a key vouches for no change of its own place', () => {
  const revocation: Statement = { ...rotation, type: 'revoke', closes_at: null, transition_expires: null };
  const OF_DOMAIN = { ...revocation, authority_epoch: 1 };
  const OF_PLATFORM: Statement = { ...revocation, scope: 'platform' };
  const rollback: Statement = { ...OF_PLATFORM, type: 'rollback', transition_expires: '2026-03-02T12:00:30Z' };

  test.each<[string, Statement, Pair]>([
    ['a Domain’s key that is revoked', OF_DOMAIN, old],
    ['a key that takes its place', OF_DOMAIN, fresh],
    ['a platform key that is revoked', OF_PLATFORM, old],
    ['a platform key that comes back', rollback, fresh],
    ['a Domain’s key that goes by a rollback', { ...rollback, scope: rotation.scope, authority_epoch: 1 }, old],
  ])('%s', async (_, statement, by) => {
    const possession = statement.type === 'revoke' ? fresh : null;
    await expect(signStatement(statement, by, possession)).rejects.toEqual(refused('foreign_authority'));
  });

  test('but the platform key that goes by a rollback, and whoever is neither', async () => {
    await expect(signStatement(rollback, old, null)).resolves.toBeDefined();
    await expect(signStatement(rollback, platform, null)).resolves.toBeDefined();
    await expect(signStatement(OF_DOMAIN, platform, fresh)).resolves.toBeDefined();
  });
});

test('halves that were signed apart make the statement that is signed at once', async () => {
  const [authority, possession] = [
    await statementSignature(rotation, old, 'authority'),
    await statementSignature(rotation, fresh, 'possession'),
  ];
  const text = await signStatement(rotation, old, fresh);
  expect(joinStatement(rotation, authority, possession)).toBe(text);
  const join =
    (...halves: Parameters<typeof joinStatement>) =>
    () =>
      joinStatement(...halves);
  expect(join(rotation, possession, authority)).toThrow(refused('signature_swapped') as Error);
  expect(join(rotation, authority, authority)).toThrow(refused('signature_repeated') as Error);
  expect(join(creation, authority, null)).toThrow(refused('signature_missing') as Error);
  const later = { ...rotation, epoch: 3 };
  expect(join(later, authority, possession)).toThrow(refused('signature_invalid') as Error);
});

test('its bytes are those that any JOSE library makes', async () => {
  expect(await signStatement(rotation, old, fresh)).toBe(await byBoth(rotation));
});

test('the first statement is by another ring’s key and follows none', async () => {
  const text = await signStatement(creation, platform, fresh);
  await expect(verifyStatement(text, platform.publicKey)).resolves.toEqual(creation);
});

test('the hash is that of the payload bytes, whoever signed', async () => {
  const text = await signStatement(creation, platform, fresh);
  const { payload } = JSON.parse(text) as General;
  const expected = createHash('sha256').update(Buffer.from(payload, 'base64url')).digest('base64url');
  expect(statementHash(text)).toBe(expected);
  expect(statementHash(await signStatement(creation, stranger, fresh))).toBe(expected);
});

describe('hostile text', () => {
  test.each<[string, string, (jws: General) => unknown]>([
    ['signature_missing', 'no signature', (jws) => void (jws.signatures = [])],
    ['signature_missing', 'the possession’s signature alone', (jws) => void jws.signatures.shift()],
    ['signature_too_many', 'a third signature', (jws) => void jws.signatures.push(jws.signatures[0]!)],
    ['signature_repeated', 'the authority’s signature twice', (jws) => void (jws.signatures[1] = jws.signatures[0]!)],
    ['signature_repeated', 'the possession’s signature twice', (jws) => void (jws.signatures[0] = jws.signatures[1]!)],
    ['signature_swapped', 'the two in the other order', (jws) => void jws.signatures.reverse()],
  ])('%s: %s', async (code, _, edit) => {
    const text = await edited(edit);
    await expect(verifyStatement(text, old.publicKey)).rejects.toEqual(refused(code));
    expect(() => readStatement(text)).toThrow(refused(code) as Error);
    expect(() => statementHash(text)).toThrow(refused(code) as Error);
  });

  test.each<[string, (jws: General) => unknown]>([
    ['an unprotected header', (jws) => void Object.assign(jws.signatures[0]!, { header: { kid: 'x' } })],
    ['another member', (jws) => ({ ...jws, header: {} })],
    ['a flattened signature beside the two', (jws) => ({ ...jws, ...jws.signatures[0] })],
    ['a payload that is no text', (jws) => ({ ...jws, payload: JSON.parse('{}') as unknown })],
    ['a payload that is not base64url', (jws) => ({ ...jws, payload: `${jws.payload}=` })],
    ['no payload', (jws) => ({ signatures: jws.signatures })],
    ['signatures that are no list', (jws) => ({ ...jws, signatures: { 0: 1, 1: 2, length: 2 } })],
    ['signatures that are null', (jws) => ({ ...jws, signatures: [null, null] })],
    ['a signature that is empty', (jws) => void (jws.signatures[0]!.signature = '')],
    ['an array', () => []],
    ['null', () => 'null'],
  ])('%s is malformed', async (_, edit) => {
    const text = await edited(edit);
    await expect(verifyStatement(text, old.publicKey)).rejects.toEqual(refused('malformed'));
    expect(() => readStatement(text)).toThrow(refused('malformed') as Error);
    expect(() => statementHash(text)).toThrow(refused('malformed') as Error);
  });

  test.each(['', 'x', 'a.b.c', '{', '['.repeat(1_000_000), '{"payload":'.repeat(100_000)])(
    'what is no JSON is malformed',
    async (text) => {
      await expect(verifyStatement(text, old.publicKey)).rejects.toEqual(refused('malformed'));
    },
  );
});

describe('hostile headers', () => {
  test.each([
    ['no kid', { kid: undefined }, 'malformed'],
    ['a kid that is no text', { kid: ['key-1'] }, 'malformed'],
    ['a kid that is a path', { kid: '../key-1' }, 'malformed'],
    [
      'a key of its own',
      { jwk: { kty: 'OKP', crv: 'Ed25519', x: base64url(publicText(fresh.publicKey)) } },
      'malformed',
    ],
    ['a place to fetch a key from', { jku: 'https://example.com' }, 'malformed'],
    ['something critical', { crit: ['b64'], b64: true }, 'malformed'],
    ['no role', { role: undefined }, 'malformed'],
    ['another role', { role: 'witness' }, 'malformed'],
    ['no type', { typ: undefined }, 'wrong_type'],
    ['the type in capitals', { typ: TYP.toUpperCase() }, 'wrong_type'],
    ['the type of data', { typ: 'plexsphere-data+jws' }, 'wrong_type'],
    ['alg Ed25519, which would be a second name', { alg: 'Ed25519' }, 'wrong_type'],
  ])('%s is refused', async (_, changes, code) => {
    await expect(verifyStatement(await byBoth(rotation, changes), old.publicKey)).rejects.toEqual(refused(code));
  });

  test.each(['none', 'HS256'])('alg %s is refused', async (alg) => {
    const text = await edited((jws) => {
      jws.signatures[0]!.protected = encode({ ...header('authority', old.keyId), alg });
    });
    await expect(verifyStatement(text, old.publicKey)).rejects.toEqual(refused('wrong_type'));
  });
});

describe('each signature by its own key and role', () => {
  test('one good signature does not carry a bad one, though a general verify would take it', async () => {
    const text = await edited((jws) => {
      jws.signatures[1]!.signature = jws.signatures[0]!.signature;
    });
    await expect(
      generalVerify(JSON.parse(text) as General, createPublicKey(keyObjectOf(old.privateKey))),
    ).resolves.toBeDefined();
    await expect(verifyStatement(text, old.publicKey)).rejects.toEqual(refused('signature_invalid'));
  });

  test.each<[string, PrivateKey, PrivateKey]>([
    ['roles swapped', fresh.privateKey, old.privateKey],
    ['a stranger in authority', stranger.privateKey, fresh.privateKey],
    ['a stranger in possession', old.privateKey, stranger.privateKey],
    ['the old key twice', old.privateKey, old.privateKey],
    ['the new key twice', fresh.privateKey, fresh.privateKey],
  ])('%s', async (_, authority, possession) => {
    const text = await forge(
      rotation,
      [authority, header('authority', old.keyId)],
      [possession, header('possession', fresh.keyId)],
    );
    await expect(verifyStatement(text, old.publicKey)).rejects.toEqual(refused('signature_invalid'));
  });

  test('a changed payload breaks both', async () => {
    const text = await edited((jws) => ({ ...jws, payload: encode({ ...rotation, epoch: 3 }) }));
    await expect(verifyStatement(text, old.publicKey)).rejects.toEqual(refused('signature_invalid'));
  });

  test('the verifier’s key decides, not the one that the statement names', async () => {
    const text = await signStatement(rotation, old, fresh);
    await expect(verifyStatement(text, stranger.publicKey)).rejects.toEqual(refused('foreign_authority'));
  });

  test('a trusted key that the statement does not name as its old key has no authority', async () => {
    const payload = { ...rotation, old_public_key: publicText(stranger.publicKey) };
    await expect(verifyStatement(await byBoth(payload), old.publicKey)).rejects.toEqual(refused('foreign_authority'));
  });

  test('a key that vouches for itself has no authority', async () => {
    const text = await forge(
      creation,
      [fresh.privateKey, header('authority', fresh.keyId)],
      [fresh.privateKey, header('possession', fresh.keyId)],
    );
    await expect(verifyStatement(text, fresh.publicKey)).rejects.toEqual(refused('foreign_authority'));
  });
});

describe('a payload of another shape', () => {
  test.each([
    ['no type', { type: undefined }],
    ['a type of later', { type: 'import' }],
    ['a scope that is none', { scope: 'domain:X' }],
    ['epoch 0', { epoch: 0 }],
    ['half an epoch', { epoch: 1.5 }],
    ['an epoch as text', { epoch: '2' }],
    ['no old key', { old_key_id: null, old_public_key: null }],
    ['the old key id again', { new_key_id: old.keyId }],
    ['a public key in base64url', { new_public_key: base64url(publicText(fresh.publicKey)) }],
    ['a hash in hex', { previous: 'ab'.repeat(32) }],
    ['the new key for the key ahead', { next: keyHash(publicText(fresh.publicKey)) }],
    ['the epoch of another ring, of its own authority', { authority_epoch: 1 }],
    ['a recovery in a Domain', { type: 'recovery', closes_at: null, transition_expires: null, authority_epoch: 1 }],
    ['a revoke without the epoch of the platform', { type: 'revoke', closes_at: null, transition_expires: null }],
    ['a stage with a window', { type: 'stage' }],
    ['the old key under another name', { new_public_key: publicText(old.publicKey) }],
    ['no previous', { previous: null }],
    ['no close', { closes_at: null }],
    ['a close before it opens', { closes_at: rotation.opened_at }],
    ['a time that is none', { opened_at: 'now' }],
    ['a time that Go reads and no RFC has', { opened_at: '2026-03-01T9:00:00Z' }],
    ['no expiry', { transition_expires: null }],
    ['an expiry before it closes', { transition_expires: '2026-03-02T11:59:59Z' }],
  ])('%s is malformed, signed or not', async (_, changes) => {
    const payload = { ...rotation, ...changes };
    await expect(verifyStatement(await byBoth(payload), old.publicKey)).rejects.toEqual(refused('malformed'));
    await expect(signStatement(payload as Statement, old, fresh)).rejects.toEqual(refused('malformed'));
  });

  test.each([
    ['an old key', { old_key_id: old.keyId, old_public_key: publicText(old.publicKey) }],
    ['a previous', { previous: rotation.previous }],
    ['a close', { closes_at: rotation.closes_at }],
    ['an expiry', { transition_expires: rotation.transition_expires }],
  ])('a first statement with %s is malformed', async (_, changes) => {
    await expect(signStatement({ ...creation, ...changes }, platform, fresh)).rejects.toEqual(refused('malformed'));
  });

  test('the kid of the possession is the new key’s', async () => {
    const text = await forge(
      rotation,
      [old.privateKey, header('authority', old.keyId)],
      [fresh.privateKey, header('possession', 'key-9')],
    );
    await expect(verifyStatement(text, old.publicKey)).rejects.toEqual(refused('malformed'));
  });

  test('members that we do not know are left out', async () => {
    await expect(verifyStatement(await byBoth({ ...rotation, more: 1 }), old.publicKey)).resolves.toEqual(rotation);
  });
});

test.each<[string, Pair, Pair, string]>([
  ['another authority', stranger, fresh, 'foreign_authority'],
  ['the old key under another name', { ...old, keyId: 'key-9' }, fresh, 'foreign_authority'],
  ['another possession', old, stranger, 'unknown_key'],
])('nothing is signed by %s than the statement names', async (_, authority, possession, code) => {
  await expect(signStatement(rotation, authority, possession)).rejects.toEqual(refused(code));
});

test('the longest statement that can be signed is read, and nothing beyond twice its length', async () => {
  const named = (pair: Pair, letter: string): Pair => ({ ...pair, keyId: letter.repeat(128) });
  const [longOld, longFresh] = [named(old, 'o'), named(fresh, 'n')];
  const time = '2026-03-02T12:00:00.123456789+12:34';
  const longest = {
    ...rotation,
    epoch: Number.MAX_SAFE_INTEGER,
    old_key_id: longOld.keyId,
    new_key_id: longFresh.keyId,
    closes_at: time,
    transition_expires: time,
  };
  const text = await signStatement(longest, longOld, longFresh);
  expect(text.length).toBeLessThan(2_048);
  expect(readStatement(text)).toEqual(longest);
  expect(() => readStatement(text + ' '.repeat(4_096))).toThrow(refused('malformed') as Error);
});
