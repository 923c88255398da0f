/** N-13: a bus that does not let the Node in. On a real nats-server, whose word it is. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { subjects } from '@plexsphere/wire';
import { busCredentialText, endBus } from '@plexsphere/testkit';
import { connect, ErrorCode } from 'nats';
import { eventually, NatsServer } from '@plexsphere/stack';
import { TestMesh } from '../../testing/test-mesh';
import { isRefusal } from './bus-connection';
import { parseEnrolment } from '../enrolment/enrolment';
import { NodeClient } from '../node-client';
import type { TurnedAway } from '../node-observer';
import { TurnedAwayWatch } from './turned-away-watch';

jest.setTimeout(240_000); // the first run on a machine downloads the server

describe('what is told', () => {
  const toldAfter = (...seconds: number[]): TurnedAway[] => {
    const told: TurnedAway[] = [];
    let now = 0;
    const watch = new TurnedAwayWatch(
      () => new Date(now),
      (turnedAway) => told.push(turnedAway),
    );
    for (const second of seconds) {
      now = second * 1_000;
      watch.turnedAway('AUTHORIZATION_VIOLATION');
    }
    return told;
  };

  test('N-13: the first refusal at once, and one a minute while it lasts', () => {
    const told = toldAfter(5, 6, 8, 12, 64, 65, 100, 126);
    expect(told.map(({ attempts }) => attempts)).toEqual([1, 6, 8]);
    expect(new Set(told.map(({ since }) => since.getTime()))).toEqual(new Set([5_000]));
  });

  test.each([ErrorCode.ConnectionRefused, ErrorCode.Timeout, ErrorCode.PermissionsViolation, 'TypeError'])(
    'N-13: %s is no refusal of the credential',
    (code) => expect(isRefusal(code)).toBe(false),
  );
});

describe('a Node', () => {
  let folder: string;
  let server: NatsServer;
  let node: NodeClient;
  let told: TurnedAway[];
  const config = (): string => join(folder, 'users.conf');
  const letIn = (): Promise<void> => writeFile(config(), '');
  const turnAway = (): Promise<void> => writeFile(config(), 'authorization { user: somebody, password: else }\n');

  async function restart(): Promise<void> {
    await server.kill();
    await server.start();
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plexsphere-'));
    server = await NatsServer.create(join(folder, 'nats'), { configFile: config() });
    await turnAway();
    await server.start();
    const mesh = await TestMesh.create(new Date());
    const bus = { servers: [`${server.host}:${server.port}`], bus_credential: busCredentialText() };
    told = [];
    node = new NodeClient({
      enrolment: parseEnrolment(await mesh.enrolment(new Date(), bus)),
      storeDir: join(folder, 'node'),
      handler: async () => undefined,
      onTurnedAway: (turnedAway) => told.push(turnedAway),
    });
    await node.start();
  });

  afterEach(async () => {
    await node.stop();
    await endBus(server);
    await rm(folder, { recursive: true, force: true });
  });

  test('N-13: is told that it is not let in, goes on trying, and is told anew after it was in between', async () => {
    await eventually(() => told.length === 1);
    expect(told[0]).toMatchObject({ reason: 'AUTHORIZATION_VIOLATION', attempts: 1 });
    await letIn();
    await restart();
    const bus = await connect({ servers: server.url });
    const hellos = bus.subscribe(subjects.nodeHello('*'));
    await bus.flush();
    await hellos[Symbol.asyncIterator]().next();
    await bus.close();
    expect(told).toHaveLength(1);
    await turnAway();
    await restart();
    await eventually(() => told.length === 2);
    expect(told[1]).toMatchObject({ reason: 'AUTHORIZATION_VIOLATION', attempts: 1 });
  });
});
