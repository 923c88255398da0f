import { startedBus, endBus } from '@plexsphere/testkit';
import type { NatsServer } from '@plexsphere/stack';
import { EVENT_STREAM, inboxPrefix, randomToken } from '@plexsphere/wire';
import { ErrorCode, connect, type Msg, type NatsConnection } from 'nats';
import { StreamAcks } from './stream-acks';

const OUTGOING = { subject: 'events.bus.n', messageId: 'm', headers: { 'Plexsphere-Kind': 'event' }, body: 'text' };

describe('what the stream acknowledges', () => {
  let server: NatsServer;
  let relay: NatsConnection;
  let bus: NatsConnection;
  let acks: StreamAcks;
  /** What is published, and is answered by the spec alone: this server has no stream. */
  const heard: Msg[] = [];

  beforeAll(async () => {
    server = await startedBus();
    bus = await connect({ servers: server.url });
    relay = await connect({ servers: server.url, inboxPrefix: inboxPrefix({ kind: 'outbox-relay' }) });
    bus.subscribe('events.bus.>', { callback: (_, message) => void heard.push(message) });
    await bus.flush();
    acks = new StreamAcks(relay);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([relay.close(), bus.close()]);
    await endBus(server);
  });

  const published = async (body = OUTGOING.body, timeoutMs = 5_000) => {
    heard.length = 0;
    const ack = acks.publish({ ...OUTGOING, body }, 7, timeoutMs);
    await relay.flush();
    await bus.flush();
    return { ack, message: heard[0]! };
  };
  const answered = async (answer: unknown) => {
    const { ack, message } = await published();
    message.respond(JSON.stringify(answer));
    return ack;
  };

  it('comes to who has published it, by the sequence that was expected', async () => {
    const [one, other] = [await published('one'), await published('other')];
    expect([one, other].map(({ message }) => message.string())).toEqual(['one', 'other']);
    const { headers } = other.message;
    expect(headers?.get('Nats-Msg-Id')).toBe('m');
    expect(headers?.get('Nats-Expected-Last-Subject-Sequence')).toBe('7');
    expect(headers?.get('Plexsphere-Kind')).toBe('event');
    other.message.respond(JSON.stringify({ stream: EVENT_STREAM.name, seq: 9 }));
    one.message.respond(JSON.stringify({ stream: EVENT_STREAM.name, seq: 8, duplicate: true }));
    await expect(one.ack).resolves.toEqual({ kind: 'stored', sequence: 8 });
    await expect(other.ack).resolves.toEqual({ kind: 'stored', sequence: 9 });
  });

  it('is a refusal by its code', async () => {
    const error = { code: 400, err_code: 10_071, description: 'wrong last sequence: 3' };
    await expect(answered({ error, stream: EVENT_STREAM.name, seq: 0 })).resolves.toEqual({
      kind: 'refused',
      code: 10_071,
    });
  });

  it.each([{ stream: 'OTHER', seq: 1 }, { stream: EVENT_STREAM.name, seq: 0 }, { seq: 1 }, null, 'text'])(
    'is nothing where it is %j',
    async (answer) => {
      await expect(answered(answer)).resolves.toEqual({ kind: 'silent', reason: 'no acknowledgement' });
    },
  );

  it('has not come in time, and is heard of no more', async () => {
    const { ack, message } = await published('late', 60);
    await expect(ack).resolves.toEqual({ kind: 'silent', reason: 'TIMEOUT' });
    message.respond(JSON.stringify({ stream: EVENT_STREAM.name, seq: 8 }));
    await expect(answered({ stream: EVENT_STREAM.name, seq: 9 })).resolves.toEqual({ kind: 'stored', sequence: 9 });
  });

  it('is the server’s own word at once where nobody hears the subject', async () => {
    const ack = await acks.publish({ ...OUTGOING, subject: 'events.http.n' }, 0, 5_000);
    expect(ack).toEqual({ kind: 'silent', reason: ErrorCode.NoResponders });
  });

  it('is asked for by tokens that nobody guesses', async () => {
    const tokens: string[] = [];
    for (let n = 0; n < 3; n++) tokens.push((await published(`${n}`, 1)).message.reply?.split('.').at(-1) ?? '');
    expect(new Set(tokens).size).toBe(3);
    for (const token of tokens) expect(token).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(new Set(Array.from({ length: 1_000 }, randomToken)).size).toBe(1_000);
  });

  it('of one that is too large is never waited for', () => {
    const body = 'x'.repeat((bus.info?.max_payload ?? 0) + 1);
    expect(() => acks.publish({ ...OUTGOING, body }, 0, 5_000)).toThrow(
      expect.objectContaining({ code: ErrorCode.MaxPayloadExceeded }),
    );
  });
});
