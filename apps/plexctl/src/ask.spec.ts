import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'nats';
import { FakeBus, type Reaction } from '../testing/fake-bus';
import { ask, PATIENCE as LASTING, type Answer, type Patience } from './ask';

/** Short, and far enough apart that which one ran out is beyond doubt. */
const PATIENCE: Patience = { overallMs: 10_000, repeatMs: [150], nobodyMs: 20, quietMs: 500 };

async function asked(
  react: (count: number) => Reaction | Promise<Reaction>,
  patience = PATIENCE,
  changesSomething = false,
): Promise<{ answer: Answer; bus: FakeBus; notes: string[] }> {
  const bus = new FakeBus((_, count) => react(count));
  const notes: string[] = [];
  const connection = await connect({ servers: await bus.start(), reconnectTimeWait: 10, maxReconnectAttempts: -1 });
  const question = { subject: 'cmd.o.signing.jwks', inbox: '_INBOX.o.1', text: '{"request_id":"r"}', changesSomething };
  const answer = await ask(connection, question, patience, (note) => notes.push(note));
  await connection.close();
  await bus.stop();
  return { answer, bus, notes };
}

describe('a question on the bus', () => {
  it('is asked once where it is answered', async () => {
    const { answer, bus, notes } = await asked(() => ({ reply: {} }));
    expect(answer.kind).toBe('reply');
    expect(bus.requests).toHaveLength(1);
    expect(notes).toEqual([]);
  });

  it('is asked again with the same request id until somebody is there, and says so once', async () => {
    const { answer, bus, notes } = await asked((count) => (count < 4 ? 'nobody' : { reply: {} }));
    expect(answer.kind).toBe('reply');
    expect(bus.requests.map(({ body }) => body)).toEqual(Array.from({ length: 4 }, () => ({ request_id: 'r' })));
    expect(notes).toHaveLength(1);
  });

  it('is asked again where the one who took it died with it', async () => {
    const { answer, bus } = await asked((count) => (count === 1 ? 'silence' : { reply: {} }));
    expect(answer.kind).toBe('reply');
    expect(bus.requests).toHaveLength(2);
  });

  it('P-5: is asked again within a second, and less often when that does not help', () => {
    expect(LASTING.repeatMs[0]).toBeLessThanOrEqual(1_000);
    expect(LASTING.repeatMs.at(-1)).toBeGreaterThanOrEqual(5_000);
  });

  it('P-5: is repeated after each pause, the last one for all that follow', async () => {
    const repeatMs = [20, 20, 400];
    const { answer, bus } = await asked((count) => (count < 4 ? 'silence' : { reply: {} }), { ...PATIENCE, repeatMs });
    expect(answer.kind).toBe('reply');
    expect(bus.requests).toHaveLength(4);
  });

  it('survives a bus that goes away', async () => {
    const { answer, bus } = await asked((count) => (count === 1 ? 'hang up' : { reply: {} }));
    expect(answer.kind).toBe('reply');
    expect(bus.connections).toBe(2);
  });

  it('that nobody ever took is known not to have been done', async () => {
    expect((await asked(() => 'nobody')).answer.kind).toBe('nobody');
  });

  it('that somebody may have taken has an unknown outcome, whatever came after', async () => {
    expect((await asked(() => 'silence')).answer.kind).toBe('unknown');
    expect((await asked((count) => (count === 1 ? 'silence' : 'nobody'))).answer.kind).toBe('unknown');
  });

  it('that the bus forbids is over at once', async () => {
    const { answer, bus } = await asked(() => 'forbid');
    expect(answer).toMatchObject({ kind: 'lost', error: { code: 'PERMISSIONS_VIOLATION' } });
    expect(bus.requests).toHaveLength(1);
  });

  it('leaves nothing behind on a connection that is asked over for hours', async () => {
    const bus = new FakeBus((_, count) => (count === 4 ? 'hang up' : { reply: {} }));
    const connection = await connect({ servers: await bus.start(), reconnectTimeWait: 10, maxReconnectAttempts: -1 });
    const kinds: string[] = [];
    for (const inbox of ['1', '2', '3', '4']) {
      const question = {
        subject: 'cmd.o.signing.status',
        inbox: `_INBOX.o.${inbox}`,
        text: '{}',
        changesSomething: false,
      };
      kinds.push((await ask(connection, question, PATIENCE, () => undefined)).kind);
    }
    await connection.flush();
    expect(kinds).toEqual(['reply', 'reply', 'reply', 'reply']);
    // The fourth was subscribed once more when the connection came back; the first three had gone by then.
    expect(bus.subscriptions).toBe(1);
    await connection.close();
    const question = { subject: 'cmd.o.signing.status', inbox: '_INBOX.o.5', text: '{}', changesSomething: false };
    expect((await ask(connection, question, PATIENCE, () => undefined)).kind).toBe('lost');
    await bus.stop();
  });
});

describe('P-5: the refusal of a change', () => {
  const REFUSED = { problem: { code: 'UNAVAILABLE', detail: 'signing: key unavailable' } };
  const after = async (ms: number, reaction: Reaction): Promise<Reaction> => {
    await delay(ms);
    return reaction;
  };
  const change = (react: (count: number) => Reaction | Promise<Reaction>, patience = PATIENCE) =>
    asked(react, { ...patience, repeatMs: [150, 60_000] }, true);
  const refusalOf = ({ answer }: Awaited<ReturnType<typeof asked>>): unknown =>
    answer.kind === 'reply' && answer.message.json();

  it('is told at once where no copy is under way', async () => {
    const told = await change(() => REFUSED);
    expect(refusalOf(told)).toEqual(REFUSED.problem);
    expect(told.bus.requests).toHaveLength(1);
  });

  it('is not believed while a copy is at work, which may do it all the same', async () => {
    const told = await change((count) => (count === 1 ? after(300, REFUSED) : after(400, { reply: { epoch: 2 } })));
    expect(refusalOf(told)).toEqual({ epoch: 2 });
  });

  it('counts once every copy was refused, or taken by nobody', async () => {
    const second = { problem: { code: 'ABORTED', detail: 'signing: scope busy' } };
    const told = await change((count) => after(300, count === 1 ? REFUSED : second));
    expect(refusalOf(told)).toEqual(second.problem);
    expect(told.bus.requests).toHaveLength(2);
    expect(refusalOf(await change((count) => after(300, count === 1 ? REFUSED : 'nobody')))).toEqual(REFUSED.problem);
    expect(refusalOf(await change((count) => after(300, count === 1 ? 'nobody' : REFUSED)))).toEqual(REFUSED.problem);
  });

  it('leaves the outcome unknown where a copy is never answered, and no further one is sent', async () => {
    const patience = { ...PATIENCE, overallMs: 1_000, quietMs: 100 };
    const { answer, bus } = await change((count) => (count === 1 ? 'silence' : REFUSED), patience);
    expect(answer).toMatchObject({ kind: 'unknown', refusal: expect.anything() as unknown });
    expect(bus.requests).toHaveLength(2);
  });

  it('of what changes nothing is any copy’s', async () => {
    const react = (count: number) => (count === 1 ? after(300, REFUSED) : ('silence' as const));
    const { answer } = await asked(react, { ...PATIENCE, repeatMs: [150, 60_000] });
    expect(answer.kind).toBe('reply');
  });
});
