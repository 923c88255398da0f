// Opening a rotation, on a real PostgreSQL and by two replicas; the signers are played.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { PLATFORM, publicText } from '@plexsphere/wire';
import { DOMAIN, HOLDERS, Heart, OPERATOR, detailOf, identity, type Replica } from '../../testing/heart';

jest.setTimeout(120_000);

let heart: Heart;
let one: Replica;
let other: Replica;

beforeEach(async () => {
  heart = await Heart.start(await testDatabase({ name: 'store', prepare: migrateStore }));
  [one, other] = [await heart.replica(), await heart.replica()];
});
afterEach(() => heart.stop());

const publicOf = (keyId: string): string => publicText(heart.signers.statements.key(DOMAIN, keyId).privateKey);
const open = (newKeyId: string, { openRotation } = one, requestId?: string, scope: string = DOMAIN) =>
  openRotation.open({ scope, newKeyId, reason: 'yearly' }, identity('signing.rotate', requestId));
const close = (oldKeyId: string, newKeyId: string, { closeRotation } = one) =>
  closeRotation.close({ scope: DOMAIN, oldKeyId, newKeyId, force: true }, identity('signing.close'));

it('commits the ring, the transition, its event for each Node, and the audit row, and switches', async () => {
  const reply = await open('k2');
  expect(reply).toMatchObject({ scope: DOMAIN, old_key_id: 'k1', new_key_id: 'k2', epoch: 2, nodes: 1, unready: [] });
  expect(reply).toMatchObject({ confirmed: HOLDERS, lapsed: [] });
  expect(Date.parse(reply.closes_at) - Date.parse(reply.opened_at)).toBe(3_600_000);
  expect(
    await heart.owner.query('SELECT key_id, state, public_key FROM ring.signing_key WHERE scope = $1 ORDER BY 1', [
      DOMAIN,
    ]),
  ).toEqual([
    { key_id: 'k1', state: 'retiring', public_key: publicOf('k1') },
    { key_id: 'k2', state: 'active', public_key: publicOf('k2') },
  ]);
  expect(
    await heart.owner.query(
      `SELECT epoch, trust_epoch, change, active_key_id FROM ring.key_ring JOIN ring.ring_change USING (scope, epoch)
        WHERE scope = $1`,
      [DOMAIN],
    ),
  ).toEqual([{ epoch: '2', trust_epoch: '2', change: 'rotate', active_key_id: 'k2' }]);
  const [first, second] = await heart.statements();
  expect(second).toMatchObject({
    ...{ type: 'rotate', epoch: 2, old_key_id: 'k1', new_key_id: 'k2', previous: first?.hash },
    // Who comes in was committed to by the statement before, and another one is committed to by this one.
    ...{ comesIn: first?.next, next: expect.not.stringMatching(first?.next ?? '') },
  });
  expect(
    await heart.owner.query(
      `SELECT old_key_id, new_key_id, opened_epoch, reason, actor, outcome, switched_at IS NOT NULL AS switched
         FROM ring.transition AS t JOIN ring.ring_change AS c ON c.scope = t.scope AND c.epoch = t.opened_epoch`,
    ),
  ).toEqual([
    {
      ...{ old_key_id: 'k1', new_key_id: 'k2', opened_epoch: '2', reason: 'yearly', actor: OPERATOR, outcome: null },
      switched: true,
    },
  ]);
  // What verifiers were promised, in the statement as in the ring.
  expect(
    await heart.owner.query(
      `SELECT k.verifies_until = t.transition_expires AS promised, t.transition_expires - t.closes_at = interval '30 s' AS skew
         FROM ring.transition t JOIN ring.signing_key k ON k.scope = t.scope AND k.key_id = t.old_key_id`,
    ),
  ).toEqual([{ promised: true, skew: true }]);
  const { body } = heart.signers.asked.find(({ verb }) => verb === 'generate-key')!;
  expect(Date.parse(String(body['transition_expires'])) - Date.parse(reply.closes_at)).toBe(30_000);
  expect(
    await heart.owner.query(
      `SELECT e.event_type, e.epoch, e.nodes, n.name FROM outbox.key_message m
         JOIN outbox.event e ON e.event_id = m.event_id::text JOIN ring.node n ON n.id = m.node_id`,
    ),
  ).toEqual([{ event_type: 'signing_key_rotated', epoch: '2', nodes: 1, name: 'node of k1' }]);
  expect(await heart.owner.query('SELECT action, scope FROM ring.audit')).toEqual([
    { action: 'signing.rotate', scope: DOMAIN },
  ]);
  // Keys made ahead have no name: what becomes of them is seen an hour later.
  expect(await heart.owner.query('SELECT key_id FROM ring.prepared_key')).toEqual([{ key_id: '~' }]);
});

it('of the platform tells the Nodes of all scopes, each of the same event', async () => {
  expect(await open('p2', one, undefined, PLATFORM)).toMatchObject({ nodes: 1, domain_nodes: 1 });
  expect(await heart.owner.query('SELECT DISTINCT event_id FROM outbox.key_message')).toHaveLength(1);
  expect(await heart.owner.query('SELECT FROM outbox.key_message')).toHaveLength(2);
});

it('names who could not load the new key, and goes on while one could', async () => {
  heart.signers.unable.add('signer-2');
  expect(await open('k2')).toMatchObject({ unready: ['signer-2'] });
});

const LATER = `INSERT INTO ring.later_statement (scope, epoch, statement, shown_by) VALUES ('${DOMAIN}', 9, 's', 'signer-1')`;

it.each<[string, string, string, () => unknown]>([
  ['of a scope without a ring', 'domain:none', 'signing: unknown scope', () => undefined],
  ['while another is open', DOMAIN, 'signing: rotation in progress', () => open('k2')],
  ['of a ring of which a later epoch was proved', DOMAIN, 'signing: epoch went back', () => heart.owner.query(LATER)],
  ['without a signer', DOMAIN, 'signing: no signer available', () => (heart.signers.areAway = true)],
  [
    'that no signer can load the key of',
    DOMAIN,
    'signing: key unavailable',
    () => HOLDERS.forEach((holder) => heart.signers.unable.add(holder)),
  ],
])('refuses one %s, and nothing has changed', async (_, scope, detail, arrange) => {
  await arrange();
  const before = await heart.rows();
  await expect(open('k9', one, undefined, scope)).rejects.toMatchObject({ detail });
  expect(await heart.rows()).toEqual(before);
});

it('refuses a key id that the ring ever had, and asks no signer then', async () => {
  await open('k2');
  await close('k1', 'k2');
  const asked = heart.signers.times('generate-key');
  await expect(open('k1')).rejects.toMatchObject({ detail: 'signing: key id in use', body: { new_key_id: 'k1' } });
  expect(heart.signers.times('generate-key')).toBe(asked);
});

it('of two on one scope at two replicas commits one, and tells the other that a rotation is in progress', async () => {
  const ends = await Promise.allSettled([open('k2', one), open('k3', other)]);
  expect(ends.map(detailOf).sort()).toEqual(['done', 'signing: rotation in progress']);
  expect(await heart.owner.query('SELECT FROM ring.transition')).toHaveLength(1);
  expect(await heart.owner.query('SELECT FROM outbox.key_message')).toHaveLength(1);
  expect(
    await heart.owner.query(`SELECT FROM ring.signing_key WHERE state = 'active' AND scope = '${DOMAIN}'`),
  ).toHaveLength(1);
});

it('of the same request at two replicas at once makes one rotation, and both get its answer', async () => {
  const requestId = randomUUID();
  const replies = await Promise.all([open('k2', one, requestId), open('k2', other, requestId)]);
  expect(replies[1]).toEqual(replies[0]);
  expect(await heart.owner.query('SELECT FROM ring.transition')).toHaveLength(1);
  expect(await heart.owner.query('SELECT FROM ring.audit')).toHaveLength(1);
});

it('refuses a request id that came with another body', async () => {
  const requestId = randomUUID();
  await open('k2', one, requestId);
  const again = one.openRotation.open(
    { scope: DOMAIN, newKeyId: 'k3', reason: null },
    { ...identity('signing.rotate', requestId), bodyHash: 'another' },
  );
  await expect(again).rejects.toMatchObject({ body: { field: 'request_id' } });
});

it('prepares anew where the ring moved on between the preparation and the commit', async () => {
  await open('k2');
  await close('k1', 'k2');
  let moved = false;
  heart.signers.meanwhile = async (verb) => {
    if (verb !== 'load-key' || moved) return;
    moved = true;
    heart.signers.meanwhile = async () => undefined;
    await open('k3', other);
    await close('k2', 'k3', other);
  };
  expect(await open('k4')).toMatchObject({ old_key_id: 'k3', new_key_id: 'k4', epoch: 6 });
  const asked = heart.signers.asked.filter(({ verb, body }) => verb === 'generate-key' && body['new_key_id'] === 'k4');
  expect(asked.map(({ body }) => body['authority_epoch'])).toEqual([3, 5]);
});

/** A process that is paused between its preparation and its commit, so many times. */
function pauseAfterPreparing(times: number): void {
  let paused = 0;
  heart.signers.meanwhile = async (verb) => {
    if (verb === 'load-key' && heart.signers.times('generate-key') > paused && paused < times)
      await heart.turnClock(++paused * 30_001);
  };
}

const openedAtOf = (keyId: string): number[] =>
  heart.signers.asked
    .filter(({ verb, body }) => verb === 'generate-key' && body['new_key_id'] === keyId)
    .map(({ body }) => Date.parse(String(body['opened_at'])));

it('prepares anew what waited more than 30 s for its commit: its statement carries opened_at', async () => {
  pauseAfterPreparing(1);
  const { opened_at } = await open('k2');
  const [first = 0, second = 0, ...more] = openedAtOf('k2');
  expect(second - first).toBeGreaterThan(30_000);
  expect(more).toEqual([]);
  expect(Date.parse(opened_at)).toBe(second);
});

it('says so where that happens three times, and nothing has changed', async () => {
  const before = await heart.rows();
  pauseAfterPreparing(3);
  await expect(open('k2')).rejects.toMatchObject({ code: 'ABORTED', detail: 'signing: prepared too late' });
  expect(openedAtOf('k2')).toHaveLength(3);
  expect(await heart.rows()).toEqual(before);
});

it('meets the close of the one before it: it is refused, or it comes after it', async () => {
  await open('k2');
  const ends = await Promise.allSettled([close('k1', 'k2', one), open('k3', other)]);
  const [closed, opened] = ends.map(detailOf);
  expect(closed).toBe('done');
  expect(['done', 'signing: rotation in progress']).toContain(opened);
  const states = await heart.owner.query<{ state: string }[]>(
    `SELECT state FROM ring.signing_key WHERE scope = $1 ORDER BY key_id`,
    [DOMAIN],
  );
  expect(states.map(({ state }) => state)).toEqual(
    opened === 'done' ? ['retired', 'retiring', 'active'] : ['retired', 'active'],
  );
});
