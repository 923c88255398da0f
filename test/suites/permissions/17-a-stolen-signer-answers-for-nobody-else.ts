import { eventually } from '@plexsphere/testkit';
import { inboxOf } from '@plexsphere/wire';
import type { Step } from '../../src/tell-story';
import { admin, allowed, askAs, bootstrapFile, dial, ofIssuers } from './hands';

/** The bits that a token begins with are as unlike as the rest: 128 random ones, in 22 characters. */
const RANDOM = /^[A-Za-z0-9_-]{22}$/;

/**
 * S1: who has a signer's credential hears what signers are asked, reply subjects among them. From those alone the stream's
 * acknowledgements to a relay, or rotation's answers to an operator, could be guessed where tokens are counted on.
 */
export const step: Step = async (world) => {
  const thief = await dial(world, await bootstrapFile(world, 'signer.creds'), { kind: 'signer' });
  const chief = await admin(world);
  const seen: string[] = [];
  thief.subscribe('signer.scope.*.*', { callback: (_, { reply = '' }) => void seen.push(reply) });
  await thief.flush();
  const hear = ['operator', 'rotation', 'outbox-relay', 'gateway', 'node'] as const;
  const others = hear.map((kind) => `${inboxOf(kind)}.>`);
  const say = [
    `${inboxOf('operator', chief.id)}.answer`,
    `${inboxOf('signer')}.answer`,
    `${inboxOf('node')}.n.answer`,
    ...ofIssuers(),
  ];
  expect(await allowed(thief, { hear: [...others, 'cmd.>', 'node.>', 'events.>', '$JS.>'], say })).toEqual([]);

  // It has run since the removal of the other one.
  const node = world.nodes.find(({ name }) => name === 'edge-2');
  const applied = node?.applied.length ?? 0;
  let forged = 0;
  for (let n = 1; n <= 10; n++) {
    const body = { scope: world.domain, event_type: 'route_updated', payload: `{"n":${n}}` };
    expect(await askAs(world, chief, 'events.publish', body)).toMatchObject({ code: 'OK' });
    const mine = await eventually(() => seen.filter((reply) => reply.startsWith(inboxOf('outbox-relay')))[n - 1], {
      describe: 'the relay having asked a signer',
    });
    // As the stream would acknowledge what comes next, at a position far beyond any.
    for (const guess of next(mine, seen)) {
      thief.publish(guess, JSON.stringify({ stream: 'EVENTS', seq: 1e15, domain: '' }));
      forged++;
    }
    await thief.flush();
    await eventually(() => (node?.applied.length ?? 0) === applied + n, { describe: `the Node having applied ${n}` });
  }
  expect(forged).toBeGreaterThan(100);
  const relays = [...new Set(seen.filter((reply) => reply.startsWith(inboxOf('outbox-relay'))))];
  const tokens = relays.map((reply) => reply.split('.').at(-1) ?? '');
  expect(tokens.filter((token) => !RANDOM.test(token))).toEqual([]);
  // A counted token has its first twelve characters in common with the one before.
  expect(new Set(tokens.map((token) => token.slice(0, 6))).size).toBe(tokens.length);
  const [{ sequence } = { sequence: '0' }] = await world.query<{ sequence: string }>(
    `SELECT max(last_sequence)::text AS sequence FROM outbox.node_stream`,
  );
  expect(Number(sequence)).toBeLessThan(1e6);
};

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const COUNTED = 10;
const GREATEST_STEP = 333;

/** What the client library would use next: a number in base 36 at the end, some 33 to 333 more each time. */
function next(reply: string, seen: readonly string[]): string[] {
  const base = reply.slice(0, -COUNTED);
  const counted = Number.parseInt(reply.slice(-COUNTED), 36);
  const guesses = Number.isSafeInteger(counted)
    ? Array.from({ length: GREATEST_STEP }, (_, step) => base + inBase36(counted + step + 1))
    : [];
  // And all that were seen, in case one is used again.
  return [...guesses, ...seen.slice(-GREATEST_STEP).filter((each) => each.startsWith(inboxOf('outbox-relay')))];
}

const inBase36 = (value: number): string =>
  Array.from({ length: COUNTED }, (_, at) => DIGITS[Math.floor(value / 36 ** (COUNTED - 1 - at)) % 36]).join('');
