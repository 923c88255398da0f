// What counts as a signer's answer: who has stolen a signer's credential answers as soon as it hears the question.
import { endBus, startedBus } from '@plexsphere/testkit';
import { problem } from '@plexsphere/wire';
import type { NatsServer } from '@plexsphere/stack';
import { connect, type NatsConnection } from 'nats';
import { respond } from './bus-reply';
import { Bus } from './bus';

interface Signed {
  envelope: string;
}
const SUBJECT = 'signer.scope.platform.sign-envelope';

let server: NatsServer;
let asker: NatsConnection;
let answerer: NatsConnection;

beforeAll(async () => {
  server = await startedBus();
  [asker, answerer] = await Promise.all([connect({ servers: server.url }), connect({ servers: server.url })]);
});
afterAll(async () => {
  await Promise.all([asker.close(), answerer.close()]);
  await endBus(server);
});

/** Answers each ask in turn; the last one's answer serves those after it. */
async function answering(...answers: unknown[]): Promise<() => number> {
  let asks = 0;
  const subscription = answerer.subscribe(SUBJECT, {
    callback: (_, message) => {
      const answer = answers[Math.min(asks, answers.length - 1)];
      asks++;
      if (answer instanceof Error) respond(message, { problem: problem('noLease').body });
      else respond(message, { body: answer });
    },
  });
  await answerer.flush();
  stop = () => subscription.unsubscribe();
  return () => asks;
}
let stop = (): void => undefined;
afterEach(() => stop());

const ask = (durationMs: number): Promise<Signed> =>
  new Bus(asker).askSigner<Signed>(SUBJECT, {}, durationMs, ({ envelope }) => typeof envelope === 'string');

it('the first answer counts', async () => {
  const asks = await answering({ envelope: 'first' }, { envelope: 'second' });
  expect(await ask(10_000)).toEqual({ envelope: 'first' });
  expect(asks()).toBe(1);
});

it('a refusal counts', async () => {
  await answering(new Error('refuses'));
  await expect(ask(10_000)).rejects.toMatchObject({ detail: 'signing: no lease' });
});

it.each([null, 7, 'text', [], {}, { envelope: 7 }, { stream: 'EVENTS', seq: 1e15, domain: '' }])(
  'what is no answer is silence: %j',
  async (nothing) => {
    const asks = await answering(nothing, { envelope: 'signed' });
    expect(await ask(30_000)).toEqual({ envelope: 'signed' });
    expect(asks()).toBe(2);
  },
);

it('of nothing else there is no answer in time', async () => {
  await answering({});
  await expect(ask(300)).rejects.toMatchObject({ detail: 'signing: no answer' });
});
