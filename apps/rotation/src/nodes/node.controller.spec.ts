import 'reflect-metadata';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import type { NodeReference, NodeSummary } from '@plexsphere/wire/commands';
import {
  CLOSED_SCOPE,
  NODE_IDS,
  OPEN_SCOPE,
  STRANGER,
  seededRings,
  type SeededRings,
} from '../../testing/seeded-rings';
import { BusConnections } from '../bus-account/bus-connections';
import type { Asked } from '../operators/operator.guard';
import type { AddNode } from './add-node';
import type { AddNodes } from './add-nodes';
import { NodeController } from './node.controller';
import type { RemoveNode } from './remove-node';
import type { TagNode } from './tag-node';

/** By an operator of these scopes. */
const asked = (scopes: string[] | null): Asked =>
  ({ operator: { scopes }, visibleScopes: () => scopes }) as unknown as Asked;

const unknownNode = (field: string) => ({ body: { code: 'NOT_FOUND', detail: 'signing: unknown node', field } });

describe('Nodes', () => {
  let seeded: SeededRings;
  let controller: NodeController;
  beforeAll(async () => {
    seeded = await seededRings(await testDatabase({ name: 'store', prepare: migrateStore }));
    controller = new NodeController(
      {} as AddNode,
      {} as AddNodes,
      {} as RemoveNode,
      {} as TagNode,
      seeded.database,
      new BusConnections(),
    );
  }, 60_000);
  afterAll(() => seeded.drop());

  it('Nodes, and how far each has come', async () => {
    const { nodes, next } = await controller.list({ scope: OPEN_SCOPE }, asked([OPEN_SCOPE]));
    expect(nodes.map(({ name, progress, online }) => [name, progress, online])).toEqual([
      ['asleep', 'lagging', false],
      ['current', 'applied', true],
      ['new', 'pending', false],
      ['resting', 'applied', false],
      ['told', 'lagging', true],
      ['untold', 'lagging', true],
    ]);
    expect(next).toBeUndefined();
  });

  it('Nodes of the scopes that may be seen', async () => {
    const names = async (scopes: string[] | null) =>
      (await controller.list({}, asked(scopes))).nodes.map(({ name }) => name);
    expect(await names(null)).toHaveLength(7);
    expect(await names([CLOSED_SCOPE])).toEqual(['edge']);
    await expect(controller.list({ scope: 'domain:none' }, asked(['domain:none']))).rejects.toMatchObject({
      detail: 'signing: unknown scope',
    });
  });

  it('one Node, by its id or by its scope and name', async () => {
    const node = await controller.show({ node_id: NODE_IDS.untold }, asked(null));
    expect(node).toMatchObject({
      name: 'untold',
      state: 'enrolled',
      progress: 'lagging',
      told_epoch: 1,
      applied_epoch: 1,
      applied_position: 7,
      backlog: { rows: 2, unsent: 2, sent: 0, oldest_seconds: expect.any(Number) },
      last_seen_seconds: expect.any(Number),
    });
    expect(await controller.show({ scope: OPEN_SCOPE, name: 'untold' }, asked(null))).toMatchObject({
      node_id: node.node_id,
    });
  });

  it('P-4: one that was never seen has applied nothing that anybody knows of', async () => {
    const pending = await controller.show({ node_id: NODE_IDS.new }, asked(null));
    expect(pending).toMatchObject({ progress: 'pending', applied_epoch: null, applied_position: null });
    expect(pending).toMatchObject({ online: false, last_seen_at: null, last_seen_seconds: null });
  });

  it('one that has called and holds nothing yet is pending, and online for as long as it calls', async () => {
    const called = (ago: string) =>
      seeded.asOwner(`UPDATE outbox.node_stream SET last_seen_at = ${ago} WHERE node_id = '${NODE_IDS.new}'`);
    await called(`now() - interval '10 seconds'`);
    const pending = { progress: 'pending', applied_epoch: null };
    expect(await controller.show({ node_id: NODE_IDS.new }, asked(null))).toMatchObject({ ...pending, online: true });
    await called(`now() - interval '4 minutes'`);
    expect(await controller.show({ node_id: NODE_IDS.new }, asked(null))).toMatchObject({ ...pending, online: false });
    await called('NULL');
  });

  it('one with a key of its own, by its latest; whether a former one is used; and why it was put out', async () => {
    const shown = async () => {
      const { node_key, revoked_reason } = await controller.show({ node_id: NODE_IDS.told }, asked(null));
      return { node_key, revoked_reason };
    };
    expect(await shown()).toEqual({});
    await seeded.asOwner(`
      INSERT INTO ring.bus_user (public_key) VALUES ('UK1'), ('UK2');
      INSERT INTO ring.node_key (node_id, generation, public_key, state, request_hash, token, token_iat, token_expires_at, tokens_until)
        SELECT '${NODE_IDS.told}', i, 'UK' || i, CASE i WHEN 2 THEN 'active' ELSE 'retired' END, i, 't', 1, now(), now()
          FROM generate_series(1, 2) AS i`);
    const key = { generation: 2, public_key: 'UK2', since: expect.any(String) };
    expect(await shown()).toEqual({ node_key: key });
    await seeded.asOwner(
      `UPDATE ring.node SET contested_at = now(), revoked_reason = 'stolen' WHERE id = '${NODE_IDS.told}'`,
    );
    expect(await shown()).toEqual({
      node_key: { ...key, contested_since: expect.any(String) },
      revoked_reason: 'stolen',
    });
    await seeded.asOwner(`UPDATE ring.node SET contested_at = NULL, revoked_reason = NULL; DELETE FROM ring.node_key`);
  });

  it('one that is gone, as gone', async () => {
    const gone = await controller.show({ scope: OPEN_SCOPE, name: 'gone' }, asked(null));
    expect(gone).toMatchObject({ state: 'removed', online: false });
  });

  it('one that follows another chain than ours, or counts further than there is', async () => {
    const shown = async () => {
      const { fork, platform_fork, claimed_epoch, claimed_platform_epoch } = await controller.show(
        { node_id: NODE_IDS.told },
        asked(null),
      );
      return { fork, platform_fork, claimed_epoch, claimed_platform_epoch };
    };
    expect(await shown()).toEqual({});
    const set = (columns: string) =>
      seeded.asOwner(`UPDATE outbox.node_stream SET ${columns} WHERE node_id = '${NODE_IDS.told}'`);
    await set(`head = 'theirs', forked_at = '2026-05-01T10:00:00Z', platform_head = 'ours', ahead_platform_epoch = 9`);
    expect(await shown()).toEqual({
      fork: { head: 'theirs', since: '2026-05-01T10:00:00.000Z' },
      claimed_platform_epoch: 9,
    });
    await set(`head = 'ours', forked_at = NULL, platform_forked_at = '2026-05-01T11:00:00Z', ahead_epoch = 7`);
    expect(await shown()).toMatchObject({
      platform_fork: { head: 'ours', since: '2026-05-01T11:00:00.000Z' },
      claimed_epoch: 7,
    });
  });

  it.each<[string, NodeReference, string[] | null, string]>([
    ['that is not there', { node_id: STRANGER }, null, 'node_id'],
    ['of a scope that is not theirs', { node_id: NODE_IDS.edge }, [OPEN_SCOPE], 'node_id'],
    ['whose scope is another', { node_id: NODE_IDS.edge, scope: OPEN_SCOPE }, null, 'node_id'],
    ['of no such name', { scope: OPEN_SCOPE, name: 'nobody' }, null, 'name'],
  ])('is unknown alike: one %s', async (_, reference, scopes, field) => {
    await expect(controller.show(reference, asked(scopes))).rejects.toMatchObject(unknownNode(field));
  });

  it('10,000 Nodes come in pages that fit a message of the bus, each Node once', async () => {
    await seeded.asOwner(`
      INSERT INTO ring.node (id, scope, name, bus_public_key)
        SELECT gen_random_uuid(), 'platform', 'n' || lpad(i::text, 62, '0'), 'U' || i FROM generate_series(1, 10000) AS i;
      INSERT INTO outbox.node_stream (node_id, scope, told_epoch, told_platform_epoch, settled_epoch,
                                      settled_platform_epoch, first_seen_at, last_seen_at)
        SELECT id, scope, 1, 1, 1, 1, now(), now() FROM ring.node WHERE scope = 'platform'`);
    const seen: NodeSummary[] = [];
    let after: string | undefined;
    do {
      const page = await controller.list(after === undefined ? {} : { after }, asked(null));
      expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThan(900_000);
      seen.push(...page.nodes);
      after = page.next;
    } while (after !== undefined);
    expect(seen).toHaveLength(10_007);
    expect(new Set(seen.map(({ node_id }) => node_id)).size).toBe(10_007);
    await expect(controller.list({ after: STRANGER }, asked(null))).rejects.toMatchObject(unknownNode('after'));
  });
});
