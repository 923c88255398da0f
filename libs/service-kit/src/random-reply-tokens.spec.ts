import type { NatsServer } from '@plexsphere/stack';
import { endBus, startedBus } from '@plexsphere/testkit';
import { connect, createInbox, type NatsConnection } from 'nats';
import { useRandomReplyTokens } from './bus';

/** 16 bytes in base64url. */
const TOKEN = /^[A-Za-z0-9_-]{22}$/;

describe('S1: reply tokens', () => {
  let server: NatsServer;
  let relay: NatsConnection;
  let ear: NatsConnection;
  const replies: string[] = [];

  beforeAll(async () => {
    useRandomReplyTokens();
    server = await startedBus();
    ear = await connect({ servers: server.url });
    relay = await connect({ servers: server.url, inboxPrefix: '_INBOX.outbox-relay' });
    ear.subscribe('>', { callback: (_, { reply = '' }) => void (reply !== '' && replies.push(reply)) });
    await ear.flush();
  }, 60_000);
  beforeEach(() => heardReplies());
  afterAll(async () => {
    await Promise.all([relay.close(), ear.close()]);
    await endBus(server);
  });

  /** Since it was last asked. */
  const heardReplies = async (): Promise<string[]> => {
    await ear.flush();
    return replies.splice(0).filter((reply) => reply.startsWith('_INBOX.outbox-relay.'));
  };

  /** Nothing but the fixed part of the connection’s own inbox is common to two of them. */
  const expectRandom = (subjects: string[], count: number): void => {
    const tokens = subjects.map((subject) => subject.split('.').at(-1) ?? '');
    expect(new Set(tokens).size).toBe(count);
    for (const token of tokens) expect(token).toMatch(TOKEN);
    for (let at = 0; at < 8; at++) expect(new Set(tokens.map((token) => token[at])).size).toBeGreaterThan(1);
  };

  it('of requests are random, each by itself', async () => {
    ear.subscribe('ask', { callback: (_, message) => void message.respond() });
    await ear.flush();
    for (let n = 0; n < 20; n++) await relay.request('ask');
    expectRandom(await heardReplies(), 20);
  });

  it('of what the stream acknowledges, and of its management, too', async () => {
    const manager = await relay.jetstreamManager({ checkAPI: false });
    await manager.streams.add({ name: 'EVENTS', subjects: ['events.*.*'] });
    await heardReplies();
    for (let n = 0; n < 20; n++) await relay.jetstream().publish('events.bus.n', `${n}`);
    expectRandom(await heardReplies(), 20);
    await heardReplies();
    for (let n = 0; n < 20; n++) await manager.streams.info('EVENTS');
    expectRandom(await heardReplies(), 20);
  });

  it('of inboxes made by hand, and of two connections, are unlike', async () => {
    expectRandom(
      Array.from({ length: 20 }, () => createInbox('_INBOX.outbox-relay')),
      20,
    );
    const other = await connect({ servers: server.url, inboxPrefix: '_INBOX.outbox-relay' });
    await Promise.all([relay.request('ask'), other.request('ask')]);
    const inboxes = (await heardReplies()).map((reply) => reply.split('.').slice(0, -1).join('.'));
    expect(new Set(inboxes).size).toBe(2);
    await other.close();
  });
});
