// Whether the indexes show everybody of whom the claim finds something due, on a real PostgreSQL, in states that come by chance.
import 'reflect-metadata';
import { PLATFORM } from '@plexsphere/wire';
import { ClaimWorld } from '../../testing/claim-world';
import { claimNodes } from './claim-nodes';
import { findCandidates } from './find-candidates';

jest.setTimeout(60_000);

let world: ClaimWorld;
beforeAll(async () => {
  world = await ClaimWorld.create();
});
afterAll(() => world.end());

const BY_CHANCE = (maybe: number, value: string, otherwise = 'NULL'): string =>
  `CASE WHEN random() < ${maybe} THEN ${value} ELSE ${otherwise} END`;
const UP_TO = (most: number): string => `floor(random() * ${most + 1})::bigint`;
const AGO = (interval: string): string => `clock_timestamp() - interval '${interval}'`;
const EITHER = (one: string, other: string): string => BY_CHANCE(0.5, one, other);

const A_LIST = { after_epoch: 1, whole_from: 1 };
const CHAIN = `'${JSON.stringify({ own: A_LIST, platform: A_LIST })}'::jsonb`;

/** No stream is ready by a later one. */
const TRUST_EPOCH = '(SELECT trust_epoch FROM ring.key_ring r WHERE r.scope = node_stream.scope)';

/** Whatever a stream's row may say, each by itself: more than ever comes together. */
const SHAKE = (epoch: number, platformEpoch: number): string => `
  UPDATE outbox.node_stream SET
    told_epoch = ${BY_CHANCE(0.5, `${epoch}`, UP_TO(epoch))},
    told_platform_epoch = ${BY_CHANCE(0.5, `${platformEpoch}`, UP_TO(platformEpoch))},
    settled_epoch = ${UP_TO(epoch)}, settled_platform_epoch = ${UP_TO(platformEpoch)},
    platform_forked_from = ${BY_CHANCE(0.2, UP_TO(platformEpoch))},
    chain = ${BY_CHANCE(0.1, CHAIN)},
    hello = ${BY_CHANCE(0.1, `jsonb_build_object('hello_id', 'h', 'epoch', 1, 'platform_epoch', 1)`)},
    resend_at = ${BY_CHANCE(0.2, EITHER(AGO('1 s'), AGO('-60 s')))}, last_seen_at = ${BY_CHANCE(0.8, EITHER(AGO('1 s'), AGO('1000 s')))},
    waits_since = ${BY_CHANCE(0.2, `CASE listens WHEN 'go' THEN clock_timestamp() END`)},
    ready_epoch = ${BY_CHANCE(0.7, `CASE listens WHEN 'go' THEN ${BY_CHANCE(0.7, TRUST_EPOCH, '1')} END`)},
    claim_deadline = ${BY_CHANCE(0.4, EITHER(AGO('1 s'), AGO('-60 s')))},
    state = ${BY_CHANCE(0.9, `'open'`, `'ending'`)}`;

it('brings everybody of whom something is due, whatever their streams say', async () => {
  const { mesh, source, domain } = world;
  const nodes: string[] = [];
  for (const scope of [domain, PLATFORM]) {
    for (let i = 0; i < 80; i++)
      nodes.push(await (i % 4 < 2 ? mesh.node(scope) : mesh.httpNode(scope, i % 4 < 3 ? 'go' : 'sdk')));
  }
  await mesh.rotate(domain, 'd-2');
  await mesh.closeRotation(domain);
  await mesh.rotate(PLATFORM, 'platform-2');
  const { rows } = await mesh.pool.query<{ epoch: number; platform: number }>(
    `SELECT max(epoch) FILTER (WHERE scope = $1)::int AS epoch, max(epoch) FILTER (WHERE scope = 'platform')::int AS platform
       FROM ring.key_ring`,
    [domain],
  );
  let dueInAll = 0;
  for (let round = 0; round < 12; round++) {
    if (round === 6) await mesh.closeRotation(PLATFORM);
    await mesh.publish(domain);
    await mesh.pool.query(`SELECT setseed(${round / 12}); DELETE FROM outbox.message WHERE random() < 0.8;
      ${SHAKE(rows[0]!.epoch, rows[0]!.platform + (round < 6 ? 0 : 1))}`);
    const candidates = await findCandidates(source, [], { room: 10_000, closeNews: true });
    const found = new Set(candidates.filter(({ isFree }) => isFree).map(({ nodeId }) => nodeId));
    const due = await source.transaction((manager) => claimNodes(manager, 'somebody', nodes));
    expect(due.filter(({ nodeId }) => !found.has(nodeId))).toEqual([]);
    dueInAll += due.length;
  }
  expect(dueInAll).toBeGreaterThan(200);
});
