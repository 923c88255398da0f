// Whatever is not a Node's own word, now, about itself, is refused by a stable detail and changes nothing: a table, tried on
// rotation's handlers over a real PostgreSQL.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { BusContext, validated } from '@plexsphere/service-kit';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import {
  CLOCK_SKEW_MS,
  createBusKey,
  enrolledNodeId,
  isNodeName,
  Problem,
  PROBLEMS,
  subjects,
  type NodeKeyVerb,
  type ProblemName,
} from '@plexsphere/wire';
import { EnrollNode, NodeProof } from '@plexsphere/wire/commands';
import {
  MAX_PROOF_LENGTH,
  PROOF_LIFE_S,
  signKeyChange,
  signProof,
  type NodeKey,
  type ProofClaims,
} from '@plexsphere/wire/jws';
import { hashOf } from '../../testing/enrolment-world';
import { ACCOUNT, NodeKeyWorld, newKey, sha256, type EdgeNode } from '../../testing/node-key-world';
import type { NodeKeyController } from './node-key.controller';

jest.setTimeout(60_000);

let world: NodeKeyWorld;
let victim: EdgeNode;
/** A Node with a key of its own, which may speak for itself and for nobody else. */
let other: EdgeNode;
beforeAll(
  async () => (world = await NodeKeyWorld.create(await testDatabase({ name: 'store', prepare: migrateStore }))),
);
afterAll(() => world.end());

/** What is refused leaves them as they are. */
async function fresh(): Promise<void> {
  [victim, other] = [await world.node(), await world.node()];
}

/** What rotation said: the answer, or a problem's body. */
type Said = Record<string, unknown>;

/** As it comes over the bus, checks of the body and all. */
async function say(nodeId: string, verb: NodeKeyVerb, body: object): Promise<Said> {
  const context = new BusContext([subjects.httpNodeKey(nodeId, verb)]);
  const { controller } = world;
  const come = { type: 'body' } as const;
  try {
    const reply: object =
      verb === 'enroll'
        ? await controller.enroll(await validated(EnrollNode).transform(body, come), context)
        : await controller[verb](await validated(NodeProof).transform(body, come), context);
    return { ...reply };
  } catch (error) {
    if (error instanceof Problem) return { ...error.body };
    throw error;
  }
}

const is = (name: ProblemName): object => PROBLEMS[name];

/** Every row that a Node's word may change. */
async function rows(): Promise<unknown> {
  const tables = [
    'ring.node',
    'ring.node_key',
    'ring.bus_user',
    'ring.bus_revocation',
    'ring.enrol_token',
    'ring.audit',
  ];
  const sums = [...tables, 'outbox.node_stream'].map(
    (table) => `(SELECT coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text FROM ${table} t) AS "${table}"`,
  );
  return world.rows(`SELECT ${sums.join(', ')}`);
}

async function isRefused(attack: () => Promise<Said>, name: ProblemName): Promise<Said> {
  const before = await rows();
  const said = await attack();
  expect(said).toMatchObject(is(name));
  expect(await rows()).toEqual(before);
  return said;
}

async function revoke(nodeId: string): Promise<void> {
  const asked = { identity: world.enrolment.operator('edge.revoke') } as Parameters<NodeKeyController['revoke']>[1];
  await world.controller.revoke({ node_id: nodeId, reason: 'stolen' }, asked);
}

const KINDS = ['ask', 'key-change', 'key-confirm', 'token', 'logout'] as const;
type Kind = (typeof KINDS)[number];
const VERBS: Record<Kind, NodeKeyVerb> = {
  ...{ ask: 'key', 'key-change': 'key', 'key-confirm': 'confirm', token: 'token', logout: 'logout' },
};

const nowS = (): number => Math.floor(Date.now() / 1_000);
const claimsOf = ({ id, generation }: EdgeNode) => ({
  ...{ aud: ACCOUNT, exp: nowS() + PROOF_LIFE_S, node_id: id, generation },
});

interface Twist {
  claims?: Partial<ReturnType<typeof claimsOf>>;
  by?: NodeKey;
}

/** What the Node would say, with this or that made another. */
function proofOf(kind: Kind, node: EdgeNode, { claims = {}, by = node.key }: Twist = {}): Promise<string> {
  const said = { ...claimsOf(node), ...claims };
  const { aud, exp, node_id } = said;
  const token_hash = sha256(node.token);
  if (kind === 'key-change') return signKeyChange(said, { old: by, new: newKey() });
  if (kind === 'ask') return signProof(kind, { aud, exp, node_id, failed: null }, by);
  if (kind === 'token') return signProof(kind, { ...said, token_hash, replace: true }, by);
  return kind === 'key-confirm' ? signProof(kind, { ...said, token_hash }, by) : signProof(kind, said, by);
}

const another = (text: string): string => (text === 'A' ? 'B' : 'A');
const withAnotherSignature = (proof: string): string => {
  const at = proof.lastIndexOf('.') + 10;
  return proof.slice(0, at) + another(proof[at] ?? '') + proof.slice(at + 1);
};
const withHeader = (proof: string, over: object): string => {
  const [header = '', ...rest] = proof.split('.');
  const said = { ...(JSON.parse(Buffer.from(header, 'base64url').toString()) as object), ...over };
  return [Buffer.from(JSON.stringify(said)).toString('base64url'), ...rest].join('.');
};

test('each of them, as the Node says it, is heard', async () => {
  for (const kind of ['ask', 'key-confirm', 'token', 'key-change', 'logout'] as const) {
    const node = await world.node();
    const said = await say(node.id, VERBS[kind], { proof: await proofOf(kind, node) });
    expect(said).toMatchObject({ node_id: node.id });
  }
});

describe.each(KINDS)('a proof of kind %s', (kind) => {
  const verb = VERBS[kind];
  const shown = (proof: unknown, { id } = victim): Promise<Said> => say(id, verb, { proof });
  const told = async (twist: Twist = {}): Promise<Said> => shown(await proofOf(kind, victim, twist));
  beforeAll(() => fresh());

  test.each<[string, ProblemName, () => Promise<Said>]>([
    ['for another mesh', 'wrongAudience', () => told({ claims: { aud: createBusKey('account').publicKey } })],
    ['that is over', 'proofStale', () => told({ claims: { exp: nowS() - 1 } })],
    ['that is kept for later', 'proofStale', () => told({ claims: { exp: nowS() + PROOF_LIFE_S + 40 } })],
    ['by a key of nobody', 'notAuthenticated', () => told({ by: newKey() })],
    ["by another Node's key", 'notAuthenticated', () => told({ by: other.key })],
    ["of another Node, under this one's name", 'proofInvalid', async () => shown(await proofOf(kind, other))],
    ["of this Node, under another one's name", 'proofInvalid', async () => shown(await proofOf(kind, victim), other)],
    ['with another signature', 'proofInvalid', async () => shown(withAnotherSignature(await proofOf(kind, victim)))],
    ['without a signature', 'proofInvalid', async () => shown((await proofOf(kind, victim)).replace(/[^.]*$/, ''))],
    [
      'by the algorithm "none"',
      'proofInvalid',
      async () => shown(withHeader(await proofOf(kind, victim), { alg: 'none' })),
    ],
    [
      "signed by one key, in another's name",
      'proofInvalid',
      async () => shown(withHeader(await proofOf(kind, victim, { by: other.key }), { kid: victim.key.keyId })),
    ],
    ['that is longer than any', 'invariantViolation', () => shown('x'.repeat(MAX_PROOF_LENGTH + 1))],
    ['that is none', 'proofInvalid', () => shown('x.y.z')],
    ['that is no text', 'invariantViolation', () => shown({ proof: 'x' })],
  ])('%s is refused (%s)', async (_, name, attack) => {
    await isRefused(attack, name);
  });

  test('of a Node that there is not is refused as one by a key of nobody is', async () => {
    const node_id = randomUUID();
    const proof = await proofOf(kind, victim, { claims: { node_id } });
    const unknown = await isRefused(() => say(node_id, verb, { proof }), 'notAuthenticated');
    expect(unknown).toEqual(await told({ by: newKey() }));
  });

  test('that is over tells the time to count from, and nothing of the Node', async () => {
    const said = await told({ claims: { exp: 1 }, by: newKey() });
    expect(said).toEqual({ ...is('proofStale'), now: expect.any(String) });
    expect(Math.abs(Date.parse(String(said['now'])) - Date.now())).toBeLessThan(10_000);
  });

  test('is none of another kind', async () => {
    for (const another of new Set(Object.values(VERBS).filter((each) => each !== verb))) {
      const proof = await proofOf(kind, victim);
      await isRefused(() => say(victim.id, another, { proof }), 'proofInvalid');
    }
  });

  if (kind !== 'ask') {
    test.each([0, 2, 99])('of generation %s is refused', async (generation) => {
      await isRefused(() => told({ claims: { generation } }), 'generationMismatch');
    });

    test('by the key that gave way is refused at once, and contests nothing', async () => {
      const { key: by, generation } = victim;
      await victim.change();
      await isRefused(() => told({ by, claims: { generation } }), 'nodeKeySuperseded');
      await fresh();
    });
  }

  test('is of no more use once the Node is revoked, or has left', async () => {
    await fresh();
    await revoke(victim.id);
    await isRefused(() => told(), 'nodeRevoked');
    const left = other;
    await left.logout();
    if (kind !== 'logout') await isRefused(async () => shown(await proofOf(kind, left), left), 'nodeRemoved');
    await isRefused(async () => shown(await proofOf(kind, left, { by: victim.key }), left), 'notAuthenticated');
  });
});

describe('a change of the key', () => {
  const shown = (proof: string, { id } = victim): Promise<Said> => say(id, 'key', { proof });
  /** The inner word says this instead, or is by this key; the outer one says that instead, or is by that key. */
  const told = async (
    inner: Partial<ProofClaims['key-possession']> & { by?: NodeKey },
    outer: Partial<ProofClaims['key-change']> & { by?: NodeKey } = {},
  ): Promise<Said> => {
    const next = newKey();
    const said = { ...claimsOf(victim), old_key: victim.key.keyId, new_key: next.keyId };
    const { by: innerBy = next, ...innerSaid } = inner;
    const { by: outerBy = victim.key, ...outerSaid } = outer;
    const possession = await signProof('key-possession', { ...said, ...innerSaid }, innerBy);
    return shown(await signProof('key-change', { ...said, possession, ...outerSaid }, outerBy));
  };
  const toKey = async (next: NodeKey): Promise<Said> => shown(await victim.changeProof(next));
  beforeAll(() => fresh());

  test.each<[string, ProblemName, () => Promise<Said>]>([
    ['without a word of the new key', 'proofInvalid', () => told({}, { possession: '' })],
    ['around what is no proof', 'proofInvalid', () => told({}, { possession: 'x.y.z' })],
    [
      'around a word of another kind',
      'proofInvalid',
      async () => told({}, { possession: await proofOf('ask', victim) }),
    ],
    ['whose inner word is by another key', 'proofsDisagree', () => told({ by: other.key })],
    ['whose inner word is by the old key', 'proofsDisagree', () => told({ by: victim.key })],
    ['whose inner word is of another Node', 'proofsDisagree', () => told({ node_id: other.id })],
    ['whose inner word is for another mesh', 'proofsDisagree', () => told({ aud: createBusKey('account').publicKey })],
    ['whose inner word ends at another time', 'proofsDisagree', () => told({ exp: nowS() + 5 })],
    ['whose inner word is of another generation', 'proofsDisagree', () => told({ generation: 2 })],
    ['whose inner word gives another old key', 'proofsDisagree', () => told({ old_key: other.key.keyId })],
    ['whose inner word gives another new key', 'proofsDisagree', () => told({ new_key: other.key.keyId })],
    ['whose outer word gives another old key', 'proofsDisagree', () => told({}, { old_key: other.key.keyId })],
    ['whose outer word gives another new key', 'proofsDisagree', () => told({}, { new_key: other.key.keyId })],
    ['whose outer word is by another key', 'proofsDisagree', () => told({}, { by: other.key })],
    ['to the key that it has', 'proofsDisagree', () => toKey(victim.key)],
    ["to another Node's key", 'nodeKeyInUse', () => toKey(other.key)],
  ])('%s is refused (%s)', async (_, name, attack) => {
    await isRefused(attack, name);
  });

  test('to a key that the Node itself had, or that anybody on the bus ever had, is refused', async () => {
    await fresh();
    const own = victim.key;
    await victim.change();
    await victim.confirm();
    await isRefused(() => toKey(own), 'nodeKeyInUse');
    await other.logout();
    await isRefused(() => toKey(other.key), 'nodeKeyInUse');
    const operators = newKey();
    await world.rows('INSERT INTO ring.bus_user (public_key) VALUES ($1)', [operators.keyId]);
    await isRefused(() => toKey(operators), 'nodeKeyInUse');
  });

  test('that was the last one is answered again and again, and again changes nothing', async () => {
    await fresh();
    const proof = await victim.changeProof(newKey());
    const first = await shown(proof);
    const before = await rows();
    for (let n = 0; n < 3; n++) expect(await shown(proof)).toEqual({ ...first, now: expect.any(String) });
    // For whom it was sent, and for nobody else.
    await isRefused(() => shown(proof, other), 'proofInvalid');
    expect(await rows()).toEqual(before);
  });

  test('that was the one before turns nothing back, though it is fresh', async () => {
    await fresh();
    const next = newKey();
    const proof = await victim.changeProof(next);
    victim.hold((await shown(proof)) as never, next);
    await victim.change();
    await isRefused(() => shown(proof), 'nodeKeySuperseded');
  });

  test('of three at once by one key one is done, and the others leave no trace', async () => {
    await fresh();
    const nexts = [newKey(), newKey(), newKey()];
    const ends = await Promise.all(nexts.map((next) => toKey(next)));
    const won = ends.findIndex(({ detail }) => detail === undefined);
    expect(ends.filter(({ detail }) => detail === undefined)).toHaveLength(1);
    expect(await world.states(victim.id)).toEqual(['1 retiring', '2 active']);
    const lost = nexts.filter((_, index) => index !== won).map(({ keyId }) => keyId);
    expect(await world.rows('SELECT FROM ring.bus_user WHERE public_key = ANY ($1)', [lost])).toEqual([]);
  });

  test('that is sent ten times at once is one: whoever hears a refusal would throw the new key away', async () => {
    await fresh();
    const next = newKey();
    const proof = await victim.changeProof(next);
    const ends = await Promise.all(Array.from({ length: 10 }, () => shown(proof)));
    expect(ends).toEqual(ends.map(() => ({ ...ends[0], now: expect.any(String) })));
    expect(ends[0]).toMatchObject({ generation: 2, public_key: next.keyId });
  });
});

describe('a token', () => {
  const shown = (verb: 'token' | 'confirm', proof: string): Promise<Said> => say(victim.id, verb, { proof });
  beforeEach(() => fresh());

  test('is asked for by whoever holds the present one, or the one before until that is confirmed', async () => {
    const proof = await victim.tokenProof({ replace: true });
    const said = await shown('token', proof);
    // The answer was lost: the same again, and no third token.
    const before = await rows();
    expect(await shown('token', proof)).toEqual({ ...said, now: expect.any(String) });
    expect(await rows()).toEqual(before);
    victim.hold(said as never);
    await victim.confirm();
    await isRefused(() => shown('token', proof), 'tokenMismatch');
  });

  test('that the Node does not hold opens nothing', async () => {
    const [nobodys, others] = [sha256('made up'), sha256(other.token)];
    for (const replace of [true, false]) {
      for (const token_hash of [nobodys, others]) {
        const proof = await victim.tokenProof({ token_hash, replace });
        await isRefused(() => shown('token', proof), 'tokenMismatch');
      }
    }
    const proof = await signProof('key-confirm', { ...claimsOf(victim), token_hash: others }, victim.key);
    await isRefused(() => shown('confirm', proof), 'tokenMismatch');
  });

  test('that the Node holds ends with a refresh, though a renewal before it was answered and not heard', async () => {
    const [heldSecond] = world.issued.slice(-2).map(({ issued_at }) => issued_at);
    const renewed = await shown('token', await victim.tokenProof());
    const refresh = await victim.tokenProof({ replace: true });
    expect(await shown('token', refresh)).toEqual({ ...renewed, now: expect.any(String) });
    const [ended, ...others] = await world.revoked(victim.key.keyId);
    expect([ended?.at, others]).toEqual([world.issued.at(-1)!.issued_at! - 1, []]);
    expect(ended!.at).toBeGreaterThanOrEqual(heldSecond!);
    expect(ended).toMatchObject({ kind: 'node_key', urgent: false, dueIn: 60 });
    const before = await rows();
    expect(await shown('token', refresh)).toEqual({ ...renewed, now: expect.any(String) });
    expect(await rows()).toEqual(before);
  });

  test('is got by whoever comes back late by the one that they hold, as often as the answer is lost', async () => {
    for (let n = 0; n < 3; n++) {
      await shown('token', await victim.tokenProof());
      await world.rows(`UPDATE ring.node_key SET token_expires_at = now() WHERE node_id = $1`, [victim.id]);
    }
    const said = await shown('token', await victim.tokenProof());
    expect(said).toMatchObject({ token: expect.any(String) });
    victim.hold(said as never);
    expect(await victim.confirm()).toMatchObject({ generation: 1 });
  });

  test('is never of a time that the removal of its Node would pass over, however often one is asked for', async () => {
    for (let n = 0; n < 40; n++) {
      const said = await shown('token', await victim.tokenProof({ replace: true }));
      if (said['detail'] !== undefined) break;
      victim.hold(said as never);
      await victim.confirm();
    }
    const newest = Math.max(...world.issued.map(({ issued_at = 0 }) => issued_at));
    expect(newest).toBeLessThanOrEqual(nowS() + CLOCK_SKEW_MS / 1_000);
  });
});

describe('an enrolment', () => {
  let hash: string;
  beforeAll(() => fresh());
  const tokenHash = async (): Promise<string> => hashOf(await world.enrolment.token());
  beforeEach(async () => (hash = await tokenHash()));

  interface Comer extends Partial<ProofClaims['enroll']> {
    key?: NodeKey;
    token?: string;
    id?: string;
  }
  const told = async ({ key = newKey(), token = hash, id, ...over }: Comer = {}): Promise<Said> => {
    const proof = await signProof('enroll', { aud: token, exp: nowS() + PROOF_LIFE_S, name: 'edge', ...over }, key);
    return say(id ?? enrolledNodeId(token, key.keyId), 'enroll', { token_hash: token, proof });
  };

  test.each<[string, ProblemName, () => Promise<Said>]>([
    ['by a token that there is not', 'notAuthenticated', () => told({ token: sha256('x') })],
    ['by a proof for another token', 'wrongAudience', () => told({ aud: sha256('x') })],
    ['by a proof for the mesh', 'wrongAudience', () => told({ aud: ACCOUNT })],
    ['by a proof that is over', 'proofStale', () => told({ exp: nowS() - 1 })],
    ['by a proof that is kept for later', 'proofStale', () => told({ exp: nowS() + PROOF_LIFE_S + 40 })],
    ["under another Node's id", 'proofInvalid', () => told({ id: victim.id })],
    ['under an id of its own choice', 'proofInvalid', () => told({ id: randomUUID() })],
    ['under what is no id', 'invariantViolation', () => told({ id: 'nobody' })],
    ["by another Node's key", 'nodeKeyInUse', () => told({ key: other.key })],
    ['by what is no hash', 'invariantViolation', () => told({ token: 'x', id: randomUUID() })],
    [
      'by a proof of another kind',
      'proofInvalid',
      async () => say(victim.id, 'enroll', { token_hash: hash, proof: await proofOf('ask', victim) }),
    ],
  ])('%s is refused (%s)', async (_, name, attack) => {
    await isRefused(attack, name);
  });

  test('by one token is of one Node, of 20 that come at once', async () => {
    const ends = await Promise.all(Array.from({ length: 20 }, () => told()));
    expect(ends.filter(({ detail }) => detail === undefined)).toHaveLength(1);
    const over = ends.filter(({ detail }) => detail !== undefined);
    expect(over).toMatchObject(over.map(() => is('enrolTokenOver')));
  });

  test.each([
    ['has expired', `created_at = now() - interval '2 h', expires_at = now() - interval '1 s'`],
    ['is revoked', `revoked_at = now()`],
  ])('by a token that %s is refused', async (_, meanwhile) => {
    await world.rows(`UPDATE ring.enrol_token SET ${meanwhile} WHERE token_hash = decode($1, 'hex')`, [hash]);
    await isRefused(() => told(), 'enrolTokenOver');
  });

  test('brings nobody back who was put out: not by the same token, not by the same key', async () => {
    const key = newKey();
    const { node_id } = await told({ key });
    await revoke(String(node_id));
    await isRefused(() => told({ key, exp: nowS() + 5 }), 'permissionDenied');
    const another = await tokenHash();
    await isRefused(() => told({ key, token: another }), 'nodeKeyInUse');
  });

  test.each(['a'.repeat(2_000), '<script>', '\u0000', '', ' ', '../../etc', 'Ω', 'x\u202ey'])(
    'calls itself %p and is let in by a name that is one',
    async (name) => expect(isNodeName((await told({ name }))['name'])).toBe(true),
  );
});
