/**
 * For each member of the trust file: what a thief would have it say, tried with everything that he can have. He has the
 * relay's credential, so each header and each order of messages, and the two outgoing keys, which still verify.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { envelopeBy, testKey, type TestKey } from '@plexsphere/testkit';
import { publicText, type PlatformKeyRotated, type SigningKeyRotated } from '@plexsphere/wire';
import {
  signBundle,
  signStatement,
  statementHash,
  type BundleKey,
  type Statement,
  type TrustBundle,
} from '@plexsphere/wire/jws';
import { SessionHarness } from '../../testing/session-harness';
import { TestMesh } from '../../testing/test-mesh';
import { stateText } from '../store/trust-file';

jest.setTimeout(120_000); // many signatures, on a machine that may be busy

const START = new Date('2026-03-01T12:00:00Z');
const FAR = Number.MAX_SAFE_INTEGER;
const LATE = '9999-12-31T23:59:59.000Z';

let mesh: TestMesh;
let node: SessionHarness;
/** The outgoing keys, which leaked. */
let domainLeak: TestKey;
let platformLeak: TestKey;
let captured: { chain: string; bundle: string };
const mallory = testKey('mallory');

const stored = (): Record<string, unknown> => JSON.parse(stateText(node.session.state)) as Record<string, unknown>;

beforeEach(async () => {
  jest.useFakeTimers({ now: START });
  mesh = await TestMesh.create(START);
  node = await SessionHarness.create(mesh);
  await node.connectAndAnswer();
  [domainLeak, platformLeak] = [mesh.ring.active, mesh.platform.active];
  await mesh.ring.rotate('key-2', START);
  await mesh.platform.rotate('platform-2', START);
  await jest.advanceTimersByTimeAsync(1_000);
  captured = {
    chain: await mesh.chain(new Date(), { epoch: 1, platformEpoch: 1 }),
    bundle: await mesh.bundle(new Date()),
  };
  // Taken a second later, from a bundle of its own: what was captured is the older one for the same heads.
  await jest.advanceTimersByTimeAsync(1_000);
  await node.chain(await mesh.chain(new Date(), { epoch: 1, platformEpoch: 1 }));
  await node.event(1);
  await node.flushed();
  expect(node.session.state.ring.keys.map(({ keyId }) => keyId)).toEqual(['key-2', 'key-1']);
});

afterEach(() => {
  node.session.stop();
  jest.useRealTimers();
});

/** What the signing plane would say now, but for these members. */
async function bundleBy(key: TestKey, change: (bundle: TrustBundle) => object = () => ({})): Promise<string> {
  const bundle: TrustBundle = {
    scope: mesh.ring.scope,
    ...mesh.ring.anchor(),
    platform: mesh.platform.anchor(),
    recovery_public_key: publicText(mesh.recovery.privateKey),
    issued_at: new Date(Date.now() + 1_000).toISOString(),
    expires_at: new Date(Date.now() + 300_000).toISOString(),
  };
  return signBundle({ ...bundle, ...change(bundle) }, key);
}

const chainWith = (bundle: string, lists: { statements?: string[]; platform_statements?: string[] } = {}) =>
  node.chain(JSON.stringify({ platform_statements: [], statements: [], ...lists, bundle }));

async function statementBy(key: TestKey, ring: 'ring' | 'platform', changes: Partial<Statement> = {}): Promise<string> {
  return signStatement(
    {
      type: 'rotate',
      scope: mesh[ring].scope,
      epoch: 3,
      authority_epoch: null,
      old_key_id: key.keyId,
      old_public_key: publicText(key.privateKey),
      new_key_id: mallory.keyId,
      new_public_key: publicText(mallory.privateKey),
      opened_at: START.toISOString(),
      closes_at: LATE,
      transition_expires: LATE,
      next: head(),
      previous: mesh[ring].statementHash,
      ...changes,
    },
    key,
    mallory,
  );
}

/** An anchor as the thief's statement would have it. */
const captive = (statement: string, leaked: TestKey) => ({
  epoch: 3,
  trust_epoch: 3,
  active_key_id: mallory.keyId,
  staged_key_id: null,
  keys: [mallory, leaked].map(({ keyId, privateKey }) => ({ key_id: keyId, public_key: publicText(privateKey) })),
  statement_hash: statementHash(statement),
  head_epoch: 3,
  next: head(),
});

/** The whole capture that S7 tells of: the thief's own platform key confirms what the leaked one introduced. */
async function capture(statements: string[], platformStatement: string): Promise<void> {
  const platform = captive(platformStatement, platformLeak);
  const [own] = statements;
  const ring = own === undefined ? {} : captive(own, domainLeak);
  const bundle = await bundleBy(mallory, () => ({ ...ring, platform }));
  await chainWith(bundle, { statements, platform_statements: [platformStatement] });
}

const announce = (by: TestKey, payload: SigningKeyRotated) =>
  node.keyEvent(envelopeBy(by, mesh.ring.scope, new Date(), { eventType: 'signing_key_rotated', payload }));
const announcePlatform = (by: TestKey, payload: PlatformKeyRotated) =>
  node.keyEvent(envelopeBy(by, mesh.ring.scope, new Date(), { eventType: 'platform_key_rotated', payload }));

const extraKey = (keys: BundleKey[]): BundleKey[] => [
  ...keys,
  { key_id: mallory.keyId, public_key: publicText(mallory.privateKey) },
];
/** Not later than the one that was taken, so that it says nothing new of itself. */
const now = () => ({ issued_at: new Date().toISOString() });
const head = (): string => Buffer.alloc(32, 7).toString('base64url');

const attacks: Record<string, Record<string, () => Promise<void>>> = {
  version: {},
  node_id: {
    'a bundle of another scope': async () =>
      chainWith(await bundleBy(mesh.platform.active, () => ({ scope: 'domain:9f1c2b52-7a43-4a1f-8f5e-3f4f3d1a9e11' }))),
  },
  scope: {
    'a bundle for platform': async () =>
      chainWith(await bundleBy(mesh.platform.active, ({ platform }) => ({ scope: 'platform', ...platform }))),
  },
  'ring.keys': {
    'S7: a chain by the outgoing key': async () => {
      const forged = await statementBy(domainLeak, 'ring');
      const bundle = await bundleBy(mesh.platform.active, () => captive(forged, domainLeak));
      await chainWith(bundle, { statements: [forged] });
    },
    'S7: a chain by both outgoing keys': async () =>
      capture([await statementBy(domainLeak, 'ring')], await statementBy(platformLeak, 'platform')),
    'S7: a successor of the head, by the outgoing key, announced by it': async () =>
      announce(domainLeak, await mesh.ring.forgedRotation(domainLeak, mallory, START)),
    'the same, announced by the active key': async () =>
      announce(mesh.ring.active, await mesh.ring.forgedRotation(domainLeak, mallory, START)),
    'a bundle that names one key more': async () =>
      chainWith(await bundleBy(mesh.platform.active, ({ keys }) => ({ keys: extraKey(keys), ...now() }))),
    'a bundle without the outgoing key, by the outgoing platform key': async () =>
      chainWith(await bundleBy(platformLeak, ({ keys }) => ({ keys: keys.slice(0, 1) }))),
  },
  'ring.active_key_id': {
    'a bundle in which the outgoing key is the active one': async () =>
      chainWith(
        await bundleBy(mesh.platform.active, ({ keys }) => ({
          active_key_id: domainLeak.keyId,
          keys: keys.map(({ key_id, public_key }) => ({ key_id, public_key })),
        })),
      ),
    'a bundle in which another key has the active one’s name': async () =>
      chainWith(
        await bundleBy(mesh.platform.active, () => ({
          keys: [{ key_id: 'key-2', public_key: publicText(mallory.privateKey) }],
        })),
      ),
  },
  'ring.statement_hash': {
    'a bundle that names another head': async () =>
      chainWith(await bundleBy(mesh.platform.active, () => ({ statement_hash: head() }))),
    'a statement that continues another past': async () =>
      chainWith(await bundleBy(mesh.platform.active), {
        statements: [await statementBy(mesh.ring.active, 'ring', { previous: head() })],
      }),
  },
  'ring.staged_key_id': {
    'a bundle in which the outgoing key is a staged one': async () =>
      chainWith(await bundleBy(mesh.platform.active, () => ({ staged_key_id: domainLeak.keyId }))),
  },
  'ring.head_epoch': {
    'a bundle that names another': async () =>
      chainWith(await bundleBy(mesh.platform.active, () => ({ head_epoch: 1, ...now() }))),
  },
  'ring.superior_epoch': {
    'a bundle that names another head epoch': async () =>
      chainWith(await bundleBy(mesh.platform.active, () => ({ head_epoch: 1, ...now() }))),
  },
  'ring.next': {
    'a bundle that names another': async () =>
      chainWith(await bundleBy(mesh.platform.active, () => ({ next: head() }))),
    'a statement that repeats another, by the active key': async () =>
      announce(mesh.ring.active, {
        ...(await mesh.ring.forgedRotation(mesh.ring.active, mallory, START)),
      }),
  },
  'ring.epoch': {
    'S6: an announcement that claims another': async () =>
      announce(mesh.ring.active, mesh.ring.rotatedPayload({ epoch: FAR })),
    'S6: a bundle by the outgoing platform key': async () =>
      chainWith(await bundleBy(platformLeak, () => ({ epoch: 900 }))),
    'an older bundle for the same head': () => node.chain(captured.chain),
  },
  'ring.issued_at': {
    'a later bundle by the outgoing platform key': async () => chainWith(await bundleBy(platformLeak)),
    'an older bundle for the same head': () => chainWith(captured.bundle),
  },
  'ring.opened_at': {
    'the statement, signed anew with another time': async () =>
      announce(domainLeak, {
        ...mesh.ring.rotatedPayload({ current: publicText(mallory.privateKey) }),
        statement: await statementBy(domainLeak, 'ring', { epoch: 2, opened_at: new Date().toISOString() }),
      }),
  },
  'ring.keys.not_after': {
    'an announcement that claims another': () =>
      announce(mesh.ring.active, mesh.ring.rotatedPayload({ transition_expires: LATE })),
    'S6: the statement, signed anew with another expiry': async () =>
      announce(domainLeak, {
        ...mesh.ring.rotatedPayload({ transition_expires: LATE, current: publicText(mallory.privateKey) }),
        statement: await statementBy(domainLeak, 'ring', { epoch: 2 }),
      }),
    'a bundle that claims another, by the active platform key': async () =>
      chainWith(
        await bundleBy(mesh.platform.active, ({ keys, issued_at }) => ({
          issued_at: new Date(Date.parse(issued_at) - 2_000).toISOString(),
          keys: keys.map((key) => (key.not_after === undefined ? key : { ...key, not_after: LATE })),
        })),
      ),
  },
  'platform.keys': {
    'S7: a chain by the outgoing platform key, ended by a bundle of its successor': async () =>
      capture([], await statementBy(platformLeak, 'platform')),
    'S7: the same from the statement before': async () =>
      capture([], await statementBy(platformLeak, 'platform', { previous: mesh.platform.firstHash, epoch: 2 })),
    'S6: a forged rotation, announced by the Domain’s active key': async () =>
      announcePlatform(mesh.ring.active, {
        epoch: 3,
        transition_expires: LATE,
        statement: await statementBy(platformLeak, 'platform'),
      }),
    'a bundle that names one key more': async () =>
      chainWith(
        await bundleBy(mesh.platform.active, ({ platform }) => ({
          ...now(),
          platform: { ...platform, keys: extraKey(platform.keys) },
        })),
      ),
  },
  'platform.active_key_id': {
    'a bundle in which the outgoing key is the active one, by that key': async () =>
      chainWith(
        await bundleBy(platformLeak, ({ platform }) => ({
          platform: {
            ...platform,
            active_key_id: platformLeak.keyId,
            keys: platform.keys.map(({ key_id, public_key }) => ({ key_id, public_key })),
          },
        })),
      ),
  },
  'platform.statement_hash': {
    'a bundle that names another head': async () =>
      chainWith(
        await bundleBy(mesh.platform.active, ({ platform }) => ({ platform: { ...platform, statement_hash: head() } })),
      ),
  },
  'platform.staged_key_id': {
    'a bundle in which the outgoing key is a staged one': async () =>
      chainWith(
        await bundleBy(mesh.platform.active, ({ platform }) => ({
          platform: { ...platform, staged_key_id: platformLeak.keyId },
        })),
      ),
  },
  'platform.head_epoch': {
    'a bundle that names another': async () =>
      chainWith(
        await bundleBy(mesh.platform.active, ({ platform }) => ({
          ...now(),
          platform: { ...platform, head_epoch: 1 },
        })),
      ),
  },
  'platform.superior_epoch': {
    'a bundle that names another head epoch': async () =>
      chainWith(
        await bundleBy(mesh.platform.active, ({ platform }) => ({
          ...now(),
          platform: { ...platform, head_epoch: 1 },
        })),
      ),
  },
  'platform.next': {
    'a bundle that names another': async () =>
      chainWith(await bundleBy(mesh.platform.active, ({ platform }) => ({ platform: { ...platform, next: head() } }))),
  },
  'platform.epoch': {
    'S6: an announcement by the Domain’s active key that claims another': async () => {
      const { statement, transition_expires } = mesh.platform.rotatedPayload();
      await announcePlatform(mesh.ring.active, { epoch: FAR, transition_expires: transition_expires!, statement });
    },
    'S6: a bundle by the outgoing platform key': async () =>
      chainWith(await bundleBy(platformLeak, ({ platform }) => ({ platform: { ...platform, epoch: FAR } }))),
    'an older bundle for the same head': () => node.chain(captured.chain),
  },
  'platform.issued_at': {
    'a later bundle by the outgoing platform key': async () => chainWith(await bundleBy(platformLeak)),
  },
  'platform.opened_at': {
    'S6: an announcement by the Domain’s active key, of the statement signed anew with another time': async () => {
      const { transition_expires } = mesh.platform.rotatedPayload();
      const statement = await statementBy(platformLeak, 'platform', { epoch: 2, opened_at: new Date().toISOString() });
      await announcePlatform(mesh.ring.active, { epoch: 2, transition_expires: transition_expires!, statement });
    },
  },
  'platform.keys.not_after': {
    'S6: an announcement by the Domain’s active key that claims another': async () => {
      const { statement, epoch } = mesh.platform.rotatedPayload();
      await announcePlatform(mesh.ring.active, { epoch, transition_expires: LATE, statement });
    },
  },
  recovery_public_key: {
    'a bundle that names another, by the active platform key': async () =>
      chainWith(await bundleBy(mesh.platform.active, () => ({ recovery_public_key: publicText(mallory.privateKey) }))),
  },
  position: {
    'S5: a position header on a true event': () =>
      node.send({ kind: 'event', text: node.envelope(2), position: 10 ** 15 }),
    'S5: a position header on a forged event': () => node.event(2, { by: mallory }),
    'S5: a stream_ready by the outgoing key': () =>
      node.send({
        kind: 'event',
        text: mesh.ready(
          new Date(),
          node.lastHello.hello_id,
          { resumes_after: FAR, last_position: FAR },
          { by: domainLeak },
        ),
      }),
    'S5: a word of readiness that nobody signed': () =>
      node.send({ kind: 'ready', text: JSON.stringify({ resumes_after: FAR, last_position: FAR }) }),
  },
  applied_events: {
    'an event that nobody signed': () => node.event(2, { by: mallory, eventId: 'never' }),
    'an event that is not its turn': () => node.event(7, { eventId: 'early' }),
  },
  // A member is a Node of the platform: tried in session/channel-keys.spec.ts.
  channel_rings: {},
};

/** `ring.keys[].not_after` as `ring.keys.not_after`; the keys themselves, and the batches of ids, are one member. */
function memberNames(value: object): string[] {
  const anchor = (name: string): string[] => [
    ...[
      'keys',
      'active_key_id',
      'staged_key_id',
      'statement_hash',
      'head_epoch',
      'superior_epoch',
      'next',
      'epoch',
      'issued_at',
      'opened_at',
      'keys.not_after',
    ].map((each) => `${name}.${each}`),
  ];
  return Object.keys(value).flatMap((name) => (name === 'ring' || name === 'platform' ? anchor(name) : [name]));
}

test('each member of the trust file is tried, and stands in docs/chain.md with what vouches for it', () => {
  expect(Object.keys(attacks).sort()).toEqual(memberNames(stored()).sort());
  for (const anchor of ['ring', 'platform']) {
    const { keys, ...others } = stored()[anchor] as { keys: object[] };
    expect(Object.keys({ keys, ...others }).sort()).toEqual(
      [
        'active_key_id',
        'epoch',
        'head_epoch',
        'issued_at',
        'keys',
        'next',
        'opened_at',
        'staged_key_id',
        'statement_hash',
        'superior_epoch',
      ].sort(),
    );
    expect([...new Set(keys.flatMap((key) => Object.keys(key)))].sort()).toEqual(['key_id', 'not_after', 'public_key']);
  }
  const table = readFileSync(join(__dirname, '../../../../docs/chain.md'), 'utf8');
  const inTable = Object.keys(attacks).map((name) => name.replace(/^(ring|platform)\./, ''));
  for (const name of inTable) expect(table).toContain(`\`${name}\``);
});

describe.each(Object.entries(attacks).filter(([, tries]) => Object.keys(tries).length > 0))('%s', (_, tries) => {
  test.each(Object.entries(tries))('is not changed by %s', async (_what, attack) => {
    const before = stored();
    await attack();
    await node.flushed();
    expect(stored()).toEqual(before);
    node.crash();
    expect(stored()).toEqual(before);
  });
});
