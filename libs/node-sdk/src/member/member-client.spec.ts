/** A member on a real nats-server, on the bus and over HTTP: what it is told, what it reports, and what it survives. */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, type NatsServer } from '@plexsphere/stack';
import { busCredentialText, endBus, loseDisk, testBus } from '@plexsphere/testkit';
import { PLATFORM, inboxPrefix } from '@plexsphere/wire';
import { BEARER, FakeGateway } from '../../testing/fake-gateway';
import { FakeRelay } from '../../testing/fake-relay';
import { PlayedRing, playedMember, type PlayedMember } from '../../testing/played-ring';
import { PlayedRotation } from '../../testing/played-rotation';
import { TestMesh } from '../../testing/test-mesh';
import { parseEnrolment } from '../enrolment/enrolment';
import { NodeClient, type NodeClientOptions } from '../node-client';
import type { NodeEvent } from '../node-observer';

jest.setTimeout(240_000); // the first run on a machine downloads the server

let folder: string;
let server: NatsServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plexsphere-'));
  server = await testBus();
});
afterAll(async () => {
  await endBus(server);
  await rm(folder, { recursive: true, force: true });
});

describe.each(['on the bus', 'over HTTP'])('%s', (how) => {
  let mesh: TestMesh;
  let member: PlayedMember;
  let incoming: PlayedRing;
  let outgoing: PlayedRing;
  let relay: FakeRelay;
  let rotation: PlayedRotation;
  let gateway: FakeGateway;
  let node: NodeClient;
  const handled: NodeEvent[] = [];
  const logged: unknown[] = [];

  const channelOf = ({ sealing, side }: PlayedMember, over: object = {}) => ({
    channel: { slug: 'chat', side, sealing_private_key: sealing.privateKey, ...over },
  });

  async function newNode(
    over: Partial<NodeClientOptions> = {},
    channel: object = channelOf(member),
  ): Promise<NodeClient> {
    const bus = { servers: [`${server.host}:${server.port}`], bus_credential: busCredentialText() };
    const http = { gateways: [gateway.url], bearer: BEARER };
    const text = await (how === 'on the bus'
      ? mesh.enrolment(new Date(), { ...bus, ...channel })
      : mesh.httpEnrolment(new Date(), { ...http, ...channel }));
    const log = (...line: unknown[]): void => void logged.push(line);
    return new NodeClient({
      enrolment: parseEnrolment(text),
      storeDir: join(folder, 'node'),
      handler: async (event) => void handled.push(event),
      logger: { info: log, warn: log, error: log },
      ...over,
    });
  }

  beforeEach(async () => {
    await server.start();
    mesh = await TestMesh.create(new Date(), PLATFORM);
    member = playedMember(mesh.nodeId, 'plugin');
    incoming = new PlayedRing('channel:chat:backend-to-plugin');
    outgoing = new PlayedRing('channel:chat:plugin-to-backend');
    relay = await FakeRelay.connect(server.url, mesh);
    rotation = await PlayedRotation.connect(server.url, mesh.nodeId);
    gateway = await FakeGateway.start(server.url, mesh.nodeId);
    handled.splice(0);
    logged.splice(0);
    node = await newNode();
  });

  afterEach(async () => {
    await node.stop();
    await gateway.close();
    await rotation.close();
    await relay.close();
    await server.stop();
    await loseDisk(server);
    await rm(join(folder, 'node'), { recursive: true, force: true });
  });

  const tell = (ring: PlayedRing): Promise<void> => relay.tell(() => ring.event(mesh, member, new Date()));
  const settled = () => eventually(() => relay.settled === relay.outbox.length);
  const keysOf = (ring: PlayedRing): string[] => node.member!.keysFor(ring.scope).map(({ keyId }) => keyId);
  const reportOf = (ring: PlayedRing) => rotation.last.find(({ scope }) => scope === ring.scope);
  const proven = (ring: PlayedRing): string[] => {
    const report = reportOf(ring);
    return report?.epoch === ring.epoch ? ring.provenBy(report, mesh.nodeId) : [];
  };

  test('over a rotation: each change is proven at once, and between them the application has its events', async () => {
    await node.start();
    await node.ready();
    for (const ring of [incoming, outgoing]) await tell(ring);
    await eventually(() => proven(incoming).length === 1 && proven(outgoing).length === 1);
    const changed: string[] = [];
    node.member!.onChange((scope) => changed.push(scope));
    incoming.stage();
    await tell(incoming);
    await relay.publish();
    await eventually(() => proven(incoming).join() === 'key-2,key-1');
    expect([keysOf(incoming), changed]).toEqual([['key-2', 'key-1'], [incoming.scope]]);
    incoming.activate(new Date(Date.now() + 3_600_000));
    await tell(incoming);
    await eventually(() => reportOf(incoming)?.epoch === 3);
    await settled();
    expect(handled).toHaveLength(1);
    expect(node.counts).toMatchObject({ channelKeys: 4, applied: 1, refused: {} });
    const prefix = inboxPrefix({ kind: 'node', id: mesh.nodeId });
    if (how === 'on the bus') expect(rotation.inboxes.every((inbox) => inbox.startsWith(`${prefix}.`))).toBe(true);
    expect(new Set(rotation.inboxes).size).toBe(rotation.inboxes.length);
  });

  test('comes again with what it held, for no other eyes, and hears of what it slept through', async () => {
    await node.start();
    await tell(incoming);
    await eventually(() => proven(incoming).length === 1);
    await settled();
    await node.stop();
    const file = join(folder, 'node', 'trust.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    incoming.stage();
    await tell(incoming);
    node = await newNode();
    await node.start();
    expect(keysOf(incoming)[0]).toBe('key-1');
    await eventually(() => proven(incoming).join() === 'key-2,key-1');
    const secrets = incoming.keys.map(({ secret }) => secret.toString('base64'));
    const text = await readFile(file, 'utf8');
    expect(secrets.filter((secret) => text.includes(secret))).toEqual(secrets);
    const said = JSON.stringify([logged, rotation.reports, relay.acks, relay.hellos]);
    const spelled = incoming.keys.flatMap(({ secret }) =>
      (['base64', 'base64url', 'hex'] as const).map((encoding) => secret.toString(encoding)),
    );
    expect(spelled.filter((each) => said.includes(each))).toEqual([]);
  });

  test('a report that nobody answers is said again, and its counts move on when one is', async () => {
    rotation.answer = 'databaseUnavailable';
    await node.start();
    await tell(incoming);
    await eventually(() => proven(incoming).length === 1);
    node.member!.verified(incoming.scope, 'key-1', true);
    node.member!.refused(incoming.scope, 'stale');
    await eventually(() => reportOf(incoming)?.refusals['stale'] === 1);
    const { period_from } = reportOf(incoming)!;
    const asked = rotation.reports.length;
    rotation.answer = { rings: [] };
    await eventually(() => rotation.reports.length > asked);
    expect(reportOf(incoming)).toMatchObject({ period_from, refusals: { stale: 1 }, alone: [{ key_id: 'key-1' }] });
    incoming.epoch += 1;
    await tell(incoming);
    await eventually(() => reportOf(incoming)?.epoch === 2);
    const next = reportOf(incoming)!;
    expect(next).toMatchObject({ refusals: {}, alone: [], last_verified: { key_id: 'key-1' } });
    expect(Date.parse(next.period_from)).toBeGreaterThan(Date.parse(period_from));
  });

  test('what rotation refuses is not said over and over', async () => {
    rotation.answer = 'unknownMember';
    await node.start();
    await tell(incoming);
    await eventually(() => JSON.stringify(logged).includes('report refused'));
    const asked = rotation.reports.length;
    await relay.publish();
    await settled();
    expect(rotation.reports.length).toBe(asked);
  });

  test('a bus that is away: what changed is reported as soon as it is back', async () => {
    await node.start();
    await tell(incoming);
    await eventually(() => proven(incoming).length === 1);
    await settled();
    await server.kill();
    incoming.stage();
    const late = tell(incoming);
    await server.start();
    await eventually(() => relay.makeStream().then(() => true));
    await late;
    await eventually(() => proven(incoming).join() === 'key-2,key-1');
  });

  test('a sink proves what it has written, and no more', async () => {
    const asked: { keys: string[]; epoch: number }[] = [];
    let fails = true;
    const sink = channelOf(member, { sink: true });
    const bare = await newNode({}, sink);
    await expect(bare.start()).rejects.toMatchObject({ code: 'before_proof_missing' });
    node = await newNode(
      {
        beforeProof: async (scope, keys, epoch) => {
          expect(scope).toBe(incoming.scope);
          asked.push({ keys: keys.map(({ keyId }) => keyId), epoch });
          if (fails) throw new Error('target away');
          return { takenOver: ['theirs', 'no key id'] };
        },
      },
      sink,
    );
    await node.start();
    await tell(incoming);
    await eventually(() => asked.length > 1);
    expect(rotation.reports).toEqual([]);
    fails = false;
    await eventually(() => proven(incoming).length === 1);
    expect(reportOf(incoming)?.taken_over).toEqual(['theirs']);
    fails = true;
    incoming.stage();
    await tell(incoming);
    await eventually(() => asked.at(-1)?.epoch === 2);
    // What stands there is what it wrote before, and is said so.
    node.member!.refused(incoming.scope, 'target_changed');
    expect(reportOf(incoming)).toMatchObject({ epoch: 1, keys: [{ key_id: 'key-1' }] });
    fails = false;
    await eventually(() => proven(incoming).join() === 'key-2,key-1');
    expect(asked.at(-1)).toEqual({ keys: ['key-2', 'key-1'], epoch: 2 });
  });

  test('a Node that is no member any more keeps no secret', async () => {
    await node.start();
    await tell(incoming);
    await eventually(() => proven(incoming).length === 1);
    await node.stop();
    expect(() => node.member!.keysFor(incoming.scope)).toThrow(expect.objectContaining({ code: 'not_started' }));
    node = await newNode({}, {});
    expect(node.member).toBeUndefined();
    await node.start();
    const text = await readFile(join(folder, 'node', 'trust.json'), 'utf8');
    expect(text).not.toContain(incoming.active.secret.toString('base64'));
  });
});
