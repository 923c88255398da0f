import type { Logger } from '@plexsphere/service-kit';
import { eventually } from '@plexsphere/testkit';
import type { NatsConnection } from 'nats';
import { AccountPusher } from './account-pusher';

/** A bus of one account; `onPush` is what happens elsewhere while a push is on its way. */
class FakeBus {
  has = 'none';
  pushes: string[] = [];
  onPush: () => void = () => undefined;

  readonly connection = {
    request: async (subject: string, body: string) => {
      if (subject.endsWith('LOOKUP')) return { string: () => this.has };
      this.onPush();
      this.pushes.push(body);
      this.has = body;
      return { json: () => ({}) };
    },
    status: async function* () {},
    close: async () => undefined,
  } as unknown as NatsConnection;
}

const logger = { info: () => undefined, warn: () => undefined } as unknown as Logger;

let bus: FakeBus;
let stored: string;
let pusher: AccountPusher;

beforeEach(() => {
  bus = new FakeBus();
  stored = 'v1';
  const account = {
    read: async () => ({ publicKey: 'A', jwt: stored, revision: `r of ${stored}` }),
    revision: async () => `r of ${stored}`,
  };
  pusher = new AccountPusher(bus.connection, account, logger);
});

it('pushes what the bus does not have, and nothing that it has', async () => {
  await pusher.compare();
  await pusher.compare();
  expect(bus.pushes).toEqual(['v1']);
});

it('ends with what Postgres has, though its own push came on top of a later one', async () => {
  bus.onPush = () => {
    if (stored === 'v1') [stored, bus.has] = ['v2', 'v2'];
  };
  await pusher.compare();
  expect(bus.has).toBe('v2');
});

it('reads anew for whoever asks while it compares', async () => {
  bus.onPush = () => undefined;
  const first = pusher.compare();
  stored = 'v2';
  await Promise.all([first, pusher.compare()]);
  expect(bus.has).toBe('v2');
});

it('pushes by itself what another replica has stored, and goes on after a failure', async () => {
  pusher.start();
  await eventually(() => bus.has === 'v1');
  let failures = 1;
  bus.onPush = () => {
    if (failures-- > 0) throw new Error('cut off');
  };
  stored = 'v2';
  await eventually(() => bus.has === 'v2');
  await pusher.stop();
});

it('does not look at Postgres while it is told, and pushes what is told of', async () => {
  let looks = 0;
  const revision = async () => (looks++, 'nobody asks');
  const account = { read: async () => ({ publicKey: 'A', jwt: stored, revision: `r of ${stored}` }), revision };
  pusher = new AccountPusher(bus.connection, account, logger);
  pusher.heardOf('r of v1');
  pusher.start();
  await eventually(() => bus.has === 'v1');
  stored = 'v2';
  pusher.heardOf('r of v2');
  await eventually(() => bus.has === 'v2');
  await pusher.stop();
  expect(looks).toBe(0);
});
