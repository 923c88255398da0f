// Proofs of a later epoch, with real statements on a real PostgreSQL, as the service's own role.
import 'reflect-metadata';
import type { Logger } from '@plexsphere/service-kit';
import { migrateStore, storeOptions } from '@plexsphere/store';
import { privateKeyOf, testDatabase, type TestDatabase } from '@plexsphere/testkit';
import { publicText } from '@plexsphere/wire';
import { keyHash, signStatement, statementHash, type SigningKey, type Statement } from '@plexsphere/wire/jws';
import { DataSource } from 'typeorm';
import { LaterStatements, hasLaterStatement } from './later-statements';

const SCOPE = 'domain:0a4cbd25-6e0b-4f2c-8a0e-5d8a2f3c7b11';
const OTHER = 'domain:0a4cbd25-6e0b-4f2c-8a0e-5d8a2f3c7b12';

const keyOf = (keyId: string): SigningKey => ({
  keyId,
  privateKey: privateKeyOf(keyId),
});
const publicOf = (keyId: string): string => publicText(keyOf(keyId).privateKey);

const statement = (change: Partial<Statement>): Statement => ({
  type: 'rotate',
  scope: SCOPE,
  epoch: 3,
  authority_epoch: null,
  old_key_id: 'b',
  old_public_key: publicOf('b'),
  new_key_id: 'c',
  new_public_key: publicOf('c'),
  opened_at: '2031-05-01T10:00:00Z',
  closes_at: '2031-05-02T10:00:00Z',
  transition_expires: '2031-05-02T10:00:30Z',
  next: 'A'.repeat(43),
  previous: null,
  ...change,
});

describe('a later epoch, proven', () => {
  let test: TestDatabase;
  let owner: DataSource;
  let database: DataSource;
  let later: LaterStatements;
  let head: string;
  let proof: string;
  const logger = { error: jest.fn() };

  /** The ring is at epoch 2, by `b`, which followed `a`. The proof is of epoch 3, by `c`, which followed `b`. */
  beforeAll(async () => {
    test = await testDatabase({ name: 'store', prepare: migrateStore });
    owner = await new DataSource({ type: 'postgres', url: test.url }).initialize();
    const rotateToB = await signStatement(
      statement({
        epoch: 2,
        old_key_id: 'a',
        old_public_key: publicOf('a'),
        new_key_id: 'b',
        new_public_key: publicOf('b'),
        next: keyHash(publicOf('c')),
        previous: 'A'.repeat(43),
      }),
      keyOf('a'),
      keyOf('b'),
    );
    head = statementHash(rotateToB);
    proof = await signStatement(statement({ previous: head }), keyOf('b'), keyOf('c'));
    await owner.query(`
      INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES ('${SCOPE}', 2, 2), ('${OTHER}', 1, 1);
      INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state, verifies_until) VALUES
        ('${SCOPE}', 'a', 'Ed25519', '${publicOf('a')}', 'retiring', now()),
        ('${SCOPE}', 'b', 'Ed25519', '${publicOf('b')}', 'active', NULL);
      INSERT INTO ring.ring_change (scope, epoch, change, active_key_id, event_id, statement, statement_hash, next) VALUES
        ('${SCOPE}', 1, 'create', 'a', 'e1', 's1', '${'A'.repeat(43)}', '${keyHash(publicOf('b'))}'),
        ('${SCOPE}', 2, 'rotate', 'b', 'e2', '${rotateToB}', '${head}', '${keyHash(publicOf('c'))}');`);
    database = await new DataSource(storeOptions(await test.urlAs('rotation'), 'test')).initialize();
    later = new LaterStatements(database, logger as unknown as Logger);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([database.destroy(), owner.destroy()]);
    await test.drop();
  });
  afterEach(async () => {
    await owner.query(`DELETE FROM ring.later_statement; UPDATE ring.key_ring SET epoch = 2 WHERE scope = '${SCOPE}'`);
    jest.clearAllMocks();
  });

  it('S8: a statement that descends from this very ring stops the scope, and nobody can take that back here', async () => {
    await later.take('signer-1', { [SCOPE]: proof });
    expect(await later.stopped()).toEqual(new Set([SCOPE]));
    expect(await hasLaterStatement(database.manager, SCOPE)).toBe(true);
    expect(await hasLaterStatement(database.manager, OTHER)).toBe(false);
    expect(logger.error).toHaveBeenCalledWith({ scope: SCOPE, epoch: 3, holder: 'signer-1' }, expect.any(String));
    await later.take('signer-2', { [SCOPE]: proof });
    expect(logger.error).toHaveBeenCalledTimes(1);
    await expect(database.query('DELETE FROM ring.later_statement')).rejects.toMatchObject({ code: '42501' });
  });

  it('is no later one where the ring has reached it', async () => {
    await owner.query(`UPDATE ring.key_ring SET epoch = 3 WHERE scope = '${SCOPE}'`);
    await later.take('signer-1', { [SCOPE]: proof });
    expect(await later.stopped()).toEqual(new Set());
  });

  const by = (change: Partial<Statement>, authority: string, possession = 'c'): Promise<string> =>
    signStatement(statement({ previous: head, ...change }), keyOf(authority), keyOf(possession));
  const forged = (text: string, change: (jws: { payload: string; signatures: object[] }) => void): string => {
    const jws = JSON.parse(text) as { payload: string; signatures: object[] };
    change(jws);
    return JSON.stringify(jws);
  };

  it.each<[string, () => Promise<string> | string]>([
    ['no statement', () => 'statement'],
    ['a number', () => '9007199254740991'],
    ['an epoch that the ring has', () => by({ epoch: 2 }, 'b')],
    ['an authority that never stood in the ring', () => by({ old_key_id: 'x', old_public_key: publicOf('x') }, 'x')],
    [
      'an authority that has the name of one of ours',
      () => by({ old_public_key: publicOf('x') }, 'x').catch(() => signed({ ...keyOf('x'), keyId: 'b' })),
    ],
    [
      'a key that has left, after the statement that it came with',
      () => by({ old_key_id: 'a', old_public_key: publicOf('a'), previous: 'A'.repeat(43) }, 'a'),
    ],
    ['a key that has left, after the head', () => by({ old_key_id: 'a', old_public_key: publicOf('a') }, 'a')],
    ['the active key, after an earlier statement', () => by({ previous: 'A'.repeat(43) }, 'b')],
    ['a chain that is not ours', () => by({ previous: `${'B'.repeat(42)}A` }, 'b')],
    ["another scope's", () => by({ scope: OTHER }, 'b')],
    [
      'a false epoch in a true statement',
      () =>
        forged(proof, (jws) => {
          const payload = JSON.parse(Buffer.from(jws.payload, 'base64url').toString()) as Statement;
          jws.payload = Buffer.from(JSON.stringify({ ...payload, epoch: Number.MAX_SAFE_INTEGER })).toString(
            'base64url',
          );
        }),
    ],
    ['one signature alone', () => forged(proof, (jws) => jws.signatures.pop())],
    ['the signatures in each other’s place', () => forged(proof, (jws) => jws.signatures.reverse())],
  ])('S8: %s proves nothing', async (_, make) => {
    await later.take('signer-1', { [SCOPE]: await make() });
    expect(await later.stopped()).toEqual(new Set());
    expect(logger.error).not.toHaveBeenCalled();
  });

  const signed = (authority: SigningKey): Promise<string> =>
    signStatement(statement({ previous: head, old_public_key: publicOf('x') }), authority, keyOf('c'));
});
