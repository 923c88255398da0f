// Statements of rings whose keys are not of the mesh's algorithm: of an issuer, by every algorithm that there is.
import { randomBytes } from 'node:crypto';
import { rsaPublicKey } from '@plexsphere/testkit';
import {
  ALGORITHMS,
  PUBLIC_ALGORITHM_NAMES,
  MESH_ALGORITHM,
  publicText,
  type AlgorithmName,
  type PrivateKey,
} from '../algorithms';
import { activeKeyOf } from './anchor';
import { startChain, walkChain } from './chain';
import { statedAlgorithm, type Statement } from './statement';
import { readStatement, signStatement, statementHash, verifyStatement } from './statement-signatures';

const ISSUER = 'issuer:payments';
const NAMES = PUBLIC_ALGORITHM_NAMES;
const OTHERS = NAMES.filter((name) => name !== MESH_ALGORITHM);
const DOMAIN = 'domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';
const NEXT = Buffer.alloc(32, 1).toString('base64url');
const OPENED = '2026-03-01T12:00:00Z';

const platform = { keyId: 'platform-1', privateKey: undefined as unknown as PrivateKey };
const made = new Map<AlgorithmName, PrivateKey[]>();
const keyOf = (name: AlgorithmName, which: 0 | 1 = 0) => ({
  keyId: `${name}-${which}`,
  privateKey: made.get(name)![which]!,
});

beforeAll(async () => {
  for (const name of NAMES.filter((each) => each !== 'PS256')) {
    made.set(name, [await ALGORITHMS[name].generate(), await ALGORITHMS[name].generate()]);
  }
  // The same numbers under both names.
  made.set(
    'PS256',
    made.get('RS256')!.map((key) => ALGORITHMS.PS256.load(key.secret())),
  );
  platform.privateKey = await ALGORITHMS[MESH_ALGORITHM].generate();
}, 60_000);

type Signing = ReturnType<typeof keyOf>;
const nameOf = ({ privateKey }: Signing): AlgorithmName =>
  NAMES.find((name) => ALGORITHMS[name] === privateKey.algorithm)!;
const named = (which: 'old' | 'new', key: Signing): Partial<Statement> => ({
  [`${which}_key_id`]: key.keyId,
  [`${which}_public_key`]: publicText(key.privateKey),
  ...statedAlgorithm(which, nameOf(key)),
});

const creation = (key: Signing): Statement => ({
  ...{ type: 'create', scope: ISSUER, epoch: 1, authority_epoch: 1, old_key_id: null, old_public_key: null },
  ...({ ...named('new', key), opened_at: OPENED } as Statement),
  ...{ closes_at: null, transition_expires: null, next: null, previous: null },
});
const created = (key: Signing): Promise<string> => signStatement(creation(key), platform, key);

/** By the active key, to one that comes in. */
const staging = (first: string, active: Signing, fresh: Signing): Statement => ({
  ...{ type: 'stage', scope: ISSUER, epoch: 2, authority_epoch: null },
  ...({ ...named('old', active), ...named('new', fresh) } as Statement),
  ...{ opened_at: OPENED, closes_at: null, transition_expires: '2026-03-03T12:00:30Z' },
  ...{ next: null, previous: first === '' ? null : statementHash(first) },
});

const refused = (code: string): unknown => expect.objectContaining({ name: 'JwsError', code });
const superior = () => ({ keyId: platform.keyId, publicKey: platform.privateKey.publicKey! });

test.each(OTHERS)('a ring of %s begins by the platform’s word and its own key’s', async (name) => {
  const text = await created(keyOf(name));
  await expect(verifyStatement(text, superior().publicKey)).resolves.toEqual(creation(keyOf(name)));
  expect(readStatement(text).new_algorithm).toBe(name);
  expect(activeKeyOf(startChain(text, superior()))).toMatchObject({ publicKey: { algorithm: ALGORITHMS[name] } });
});

test('of the mesh’s algorithm nothing is said, in an issuer’s ring too', async () => {
  const text = await created(keyOf(MESH_ALGORITHM));
  expect(JSON.parse(Buffer.from(JSON.parse(text).payload, 'base64url').toString())).not.toHaveProperty('new_algorithm');
});

test.each(NAMES.flatMap((from) => NAMES.map((to) => [from, to] as const)))(
  'a chain goes on from a key of %s to one of %s',
  async (from, to) => {
    const [active, fresh] = [keyOf(from), keyOf(to, 1)];
    const first = await created(active);
    const stage = await signStatement(staging(first, active, fresh), active, fresh);
    const after = walkChain(ISSUER, [stage], startChain(first, superior()), superior);
    const algorithms = [ALGORITHMS[from], ALGORITHMS[to]];
    expect(after.keys.map(({ publicKey }) => publicKey.algorithm)).toEqual(algorithms);
    expect(after.stagedKeyId).toBe(fresh.keyId);
    // As whoever rotates to the staged key says it.
    const rotation: Statement = {
      ...staging(first, active, fresh),
      ...{ type: 'rotate', epoch: 3, closes_at: '2026-03-02T12:00:00Z', previous: statementHash(stage) },
    };
    const rotated = walkChain(ISSUER, [await signStatement(rotation, active, null)], after, superior);
    expect(activeKeyOf(rotated)).toMatchObject({ keyId: fresh.keyId, publicKey: { algorithm: ALGORITHMS[to] } });
  },
);

describe('a key of another service', () => {
  /** By the platform's word alone: nobody here has it. */
  const importing = (previous: string, epoch: number, foreign: Signing, until = '2026-03-09T12:00:30Z'): Statement => ({
    ...{ type: 'import', scope: ISSUER, epoch, authority_epoch: 1 },
    ...({ ...named('old', keyOf('ES256')), ...named('new', foreign) } as Statement),
    ...{ opened_at: OPENED, closes_at: null, transition_expires: until, next: null, previous: statementHash(previous) },
  });
  const chain = async (...statements: Statement[]): Promise<string[]> => {
    const texts = [await created(keyOf('ES256'))];
    for (const statement of statements) {
      const previous = statementHash(texts.at(-1)!);
      texts.push(await signStatement({ ...statement, previous }, platform, null));
    }
    return texts;
  };
  const walked = ([first, ...others]: string[]) => walkChain(ISSUER, others, startChain(first!, superior()), superior);

  test.each(NAMES)('of %s verifies beside the active one, until its end, and is staged by nothing', async (name) => {
    const foreign = keyOf(name, 1);
    const first = await created(keyOf('ES256'));
    const after = walked(await chain(importing(first, 2, foreign)));
    expect(after).toMatchObject({ activeKeyId: 'ES256-0', stagedKeyId: null, headEpoch: 2 });
    expect(after.keys.map(({ keyId, notAfter }) => [keyId, notAfter])).toEqual([
      ['ES256-0', undefined],
      [foreign.keyId, new Date('2026-03-09T12:00:30Z')],
    ]);
  });

  test('is moved to a later end by another, and revoked as any key', async () => {
    const foreign = keyOf('RS256', 1);
    const first = await created(keyOf('ES256'));
    const later = '2026-04-09T12:00:30Z';
    const moved = await chain(importing(first, 2, foreign), importing(first, 3, foreign, later));
    expect(walked(moved).keys[1]).toMatchObject({ keyId: foreign.keyId, notAfter: new Date(later) });
    const revoke: Statement = {
      ...importing(first, 4, foreign),
      ...({ ...named('old', foreign), ...named('new', keyOf('ES256')), type: 'revoke' } as Statement),
      ...{ transition_expires: null, new_algorithm: 'ES256' },
    };
    const gone = walked(await chain(importing(first, 2, foreign), importing(first, 3, foreign, later), revoke));
    expect(gone.keys.map(({ keyId }) => keyId)).toEqual(['ES256-0']);
  });

  test('comes in by no word of the ring’s own: neither the active key’s nor its own', async () => {
    const [active, foreign] = [keyOf('ES256'), keyOf('RS256', 1)];
    const statement = importing(await created(active), 2, foreign);
    for (const by of [active, foreign])
      await expect(signStatement(statement, by, null)).rejects.toEqual(refused('foreign_authority'));
    await expect(signStatement(statement, platform, foreign)).rejects.toEqual(refused('signature_too_many'));
    const stranger = { keyId: platform.keyId, privateKey: keyOf('Ed25519').privateKey };
    const [first] = await chain();
    const forged = await signStatement({ ...statement, previous: statementHash(first!) }, stranger, null);
    expect(() => walked([first!, forged])).toThrow(refused('signature_invalid') as Error);
  });

  test('never signs what follows, and is promoted by nothing', async () => {
    const [active, foreign] = [keyOf('ES256'), keyOf('RS256', 1)];
    const texts = await chain(importing(await created(active), 2, foreign));
    const rotation: Statement = {
      ...importing(texts[0]!, 3, foreign),
      ...{
        type: 'rotate',
        authority_epoch: null,
        closes_at: '2026-03-02T12:00:00Z',
        previous: statementHash(texts[1]!),
      },
    };
    const text = await signStatement(rotation, active, null);
    expect(() => walked([...texts, text])).toThrow(refused('revoked') as Error);
  });

  test.each([DOMAIN, 'platform'])('has no place in the ring %s', async (scope) => {
    const statement = importing(await created(keyOf('ES256')), 2, keyOf(MESH_ALGORITHM, 1));
    const ofMesh = {
      ...statement,
      ...named('old', keyOf(MESH_ALGORITHM)),
      scope,
      next: NEXT,
      old_algorithm: undefined,
    };
    const authority_epoch = scope === 'platform' ? null : 1;
    await expect(signStatement({ ...ofMesh, authority_epoch } as unknown as Statement, platform, null)).rejects.toEqual(
      refused('malformed'),
    );
  });
});

describe('what is refused', () => {
  const es256 = () => creation(keyOf('ES256'));
  const rs256 = () => creation(keyOf('RS256'));
  test.each<[string, () => object]>([
    ['the mesh’s algorithm by name', () => ({ ...creation(keyOf(MESH_ALGORITHM)), new_algorithm: MESH_ALGORITHM })],
    ['an algorithm that is none', () => ({ ...es256(), new_algorithm: 'HS256' })],
    ['a member of every object’s', () => ({ ...es256(), new_algorithm: 'constructor' })],
    ['null for an algorithm', () => ({ ...es256(), new_algorithm: null })],
    ['a list of it', () => ({ ...es256(), new_algorithm: ['ES256'] })],
    ['another than the key’s', () => ({ ...es256(), new_algorithm: 'RS256' })],
    ['none of a key that has one', () => ({ ...es256(), new_algorithm: undefined })],
    ['one of a key that is not there', () => ({ ...es256(), old_algorithm: 'ES256' })],
    ['an RSA key that is too short', () => ({ ...rs256(), new_public_key: rsaPublicKey(1_024) })],
    ['a Domain’s ring with such a key', () => ({ ...es256(), scope: DOMAIN, next: NEXT })],
    ['the platform’s', () => ({ ...es256(), scope: 'platform', authority_epoch: null, next: NEXT })],
  ])('%s', async (_, statement) => {
    const key = keyOf('ES256');
    await expect(signStatement(statement() as Statement, platform, key)).rejects.toEqual(refused('malformed'));
  });

  test('a key of the same numbers under another algorithm is not the one that is held', async () => {
    const [active, twin, fresh] = [keyOf('RS256'), keyOf('PS256'), keyOf('ES256')];
    const first = await created(active);
    const statement = { ...staging(first, active, fresh), old_algorithm: 'PS256' as const };
    const text = await signStatement(statement, { ...twin, keyId: active.keyId }, fresh);
    const walk = () => walkChain(ISSUER, [text], startChain(first, superior()), superior);
    expect(walk).toThrow(refused('foreign_authority') as Error);
  });

  test('a possession that another algorithm proves', async () => {
    const [active, twin] = [keyOf('RS256'), keyOf('PS256')];
    const statement = signStatement(creation(active), platform, { ...twin, keyId: active.keyId });
    await expect(statement).rejects.toEqual(refused('wrong_type'));
  });
});

test('the longest that there can be is read: two RSA keys of 4,096 bits under the longest names', () => {
  const payload = encoded({
    ...staging('', keyOf('RS256'), keyOf('RS256', 1)),
    ...{ scope: `issuer:${'i'.repeat(63)}`, previous: NEXT },
    ...{ old_key_id: 'a'.repeat(128), old_public_key: rsaPublicKey(4_096), old_algorithm: 'RS256' },
    ...{ new_key_id: 'b'.repeat(128), new_public_key: rsaPublicKey(4_096), new_algorithm: 'RS256' },
  });
  const signed = (role: string, kid: string) => ({
    protected: encoded({ alg: 'RS256', typ: 'plexsphere-statement+jws', kid: kid.repeat(128), role }),
    signature: randomBytes(512).toString('base64url'),
  });
  const text = JSON.stringify({ signatures: [signed('authority', 'a'), signed('possession', 'b')], payload });
  expect(readStatement(text).new_algorithm).toBe('RS256');
  expect(text.length).toBeGreaterThan(4_096);
  expect(text.length).toBeLessThan(5_500);
});

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
