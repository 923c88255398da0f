import { randomUUID } from 'node:crypto';
import type { Bus } from '@plexsphere/service-kit';
import { BATCH_BYTES, PLATFORM, problem } from '@plexsphere/wire';
import type { SignBatch, SignEnvelope } from '@plexsphere/wire/commands';
import { EnvelopeSigner } from './envelope-signer';

const DOMAIN = `domain:${randomUUID()}`;
type Asked = { verb: string } & Partial<SignBatch> & Partial<SignEnvelope>;

/** What signers were asked, and how they answer it. */
class Signers {
  readonly asked: Asked[] = [];
  most = 0;
  private underWay = 0;

  constructor(private readonly refusal: (asked: Asked) => Error | undefined = () => undefined) {}

  get verbs(): string[] {
    return this.asked.map(({ verb }) => verb);
  }

  signer(): EnvelopeSigner {
    const askSigner = async (subject: string, request: object): Promise<object> => {
      const asked = { verb: subject.split('.').at(-1) ?? '', ...request } as Asked;
      this.asked.push(asked);
      this.most = Math.max(this.most, ++this.underWay);
      await new Promise((resolve) => setTimeout(resolve, 1));
      this.underWay--;
      const refusal = this.refusal(asked);
      if (refusal !== undefined) throw refusal;
      const text = ({ event_id }: { event_id: string }) => `${asked.scope} ${asked.epoch} ${event_id}`;
      if (asked.envelopes === undefined) return { envelope: text(asked as SignEnvelope) };
      return { envelopes: asked.envelopes.map(text) };
    };
    return new EnvelopeSigner({ askSigner } as unknown as Bus);
  }
}

const event = (eventId: string, payload: string | null = '{}') => ({ eventId, eventType: 'note', payload });

test('what is wanted at once of one scope and epoch is one request, in order, each to whom it is for', async () => {
  const signers = new Signers();
  const signer = signers.signer();
  const wanted = [
    signer.sign(DOMAIN, 3, event('a')),
    signer.sign(PLATFORM, 1, event('b')),
    signer.sign(DOMAIN, 3, event('c')),
    signer.sign(DOMAIN, 4, event('d')),
  ];
  await expect(Promise.all(wanted)).resolves.toEqual([
    `${DOMAIN} 3 a`,
    'platform 1 b',
    `${DOMAIN} 3 c`,
    `${DOMAIN} 4 d`,
  ]);
  expect(signers.verbs).toEqual(['sign-batch', 'sign-envelope', 'sign-envelope']);
  const [batch] = signers.asked;
  expect(new Set(batch?.envelopes?.map(({ nonce }) => nonce)).size).toBe(2);
});

test('no request is larger than signers take, or wants more than is done quickly, and few are under way', async () => {
  const signers = new Signers();
  const signer = signers.signer();
  const small = Array.from({ length: 1_500 }, (_, n) => signer.sign(DOMAIN, 1, event(`s${n}`)));
  const large = Array.from({ length: 12 }, (_, n) => signer.sign(DOMAIN, 1, event(`l${n}`, `"${'é'.repeat(30_000)}"`)));
  const texts = await Promise.all([...small, ...large]);
  expect(texts.map((text) => text.split(' ').at(-1))).toEqual([
    ...Array.from({ length: 1_500 }, (_, n) => `s${n}`),
    ...Array.from({ length: 12 }, (_, n) => `l${n}`),
  ]);
  for (const asked of signers.asked) expect(Buffer.byteLength(JSON.stringify(asked))).toBeLessThan(BATCH_BYTES);
  expect(signers.asked.length).toBeGreaterThanOrEqual(6 + 3);
  expect(signers.asked.length).toBeLessThanOrEqual(6 + 6);
  expect(signers.most).toBe(4);
});

test('one that no signer signs keeps none of the others unsigned', async () => {
  const refused = (asked: Asked) =>
    asked.event_id === 'bad' || asked.envelopes?.some(({ event_id }) => event_id === 'bad')
      ? problem('invariantViolation', { field: 'payload' })
      : undefined;
  const signers = new Signers(refused);
  const signer = signers.signer();
  const wanted = ['a', 'bad', 'c'].map((id) => signer.sign(DOMAIN, 1, event(id)));
  const [a, bad, c] = await Promise.allSettled(wanted);
  expect([a, c].map((each) => each?.status)).toEqual(['fulfilled', 'fulfilled']);
  expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'INVALID_ARGUMENT' } });
});

test.each(['epochMismatch', 'noLease', 'tooManyWaiting'] as const)(
  '%s is about all of them, and nobody is asked again',
  async (name) => {
    const signers = new Signers(() => problem(name));
    const signer = signers.signer();
    const wanted = ['a', 'b'].map((id) => signer.sign(DOMAIN, 1, event(id)));
    for (const each of await Promise.allSettled(wanted)) expect(each).toMatchObject({ reason: { ...problem(name) } });
    expect(signers.verbs).toEqual(['sign-batch']);
  },
);

test('where no signer is there one alone is asked for again, and all are refused as it is', async () => {
  const signers = new Signers(() => problem('noSigner'));
  const signer = signers.signer();
  const wanted = ['a', 'b', 'c'].map((id) => signer.sign(DOMAIN, 1, event(id)));
  for (const each of await Promise.allSettled(wanted)) expect(each).toMatchObject({ reason: problem('noSigner') });
  expect(signers.verbs).toEqual(['sign-batch', 'sign-envelope']);
});

test('where the bus lets many through to nobody, and one alone, all are signed at once', async () => {
  const signers = new Signers(({ verb, event_id }) =>
    verb === 'sign-batch' ? problem('noSigner') : event_id === 'a' ? problem('invariantViolation') : undefined,
  );
  const signer = signers.signer();
  for (let i = 0; i < 2; i++) {
    const wanted = await Promise.allSettled(['a', 'b', 'c'].map((id) => signer.sign(DOMAIN, 1, event(id))));
    expect(wanted.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  }
  expect(signers.verbs).toEqual(['sign-batch', ...new Array<string>(6).fill('sign-envelope')]);
});

test('where many at once find no answer, they are asked for one by one for a minute', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'setTimeout', 'nextTick', 'queueMicrotask'] });
  const signers = new Signers(({ verb }) => (verb === 'sign-batch' ? problem('noAnswer') : undefined));
  const signer = signers.signer();
  const want = () => Promise.allSettled(['a', 'b'].map((id) => signer.sign(DOMAIN, 1, event(id))));
  const stati = async () => (await want()).map(({ status }) => status);
  await expect(stati()).resolves.toEqual(['rejected', 'rejected']);
  await expect(stati()).resolves.toEqual(['fulfilled', 'fulfilled']);
  jest.advanceTimersByTime(60_000);
  await expect(stati()).resolves.toEqual(['rejected', 'rejected']);
  expect(signers.verbs).toEqual(['sign-batch', 'sign-envelope', 'sign-envelope', 'sign-batch']);
  jest.useRealTimers();
});
