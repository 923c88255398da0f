import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inboxPrefix, subjects } from '@plexsphere/wire';
import type { NatsConnection } from 'nats';
import type { World } from '../../src/world';
import { ask, known } from '../../suites/permissions/hands';

const COMMAND_BYTES = 128 * 1_024;
const NODE_WORDS_BYTES = 16 * 1_024;

/** The largest that a viewer may say, to verify it: a JWS in its longest spelling, and a crowd of empty objects. */
const SHOUTS = (scope: string): string[] => [
  spelled({ scope, jws: '' }, 65_535, COMMAND_BYTES),
  `{"scope":"${scope}","crowd":[${'{},'.repeat(43_000)}{}]}`,
];

/** The last member's text, `length` characters of it, so many of them spelled as six bytes that all is `bytes` long. */
function spelled(body: object, length: number, bytes: number): string {
  const frame = JSON.stringify(body).slice(0, -2);
  const spare = bytes - frame.length - 2 - length;
  const long = Math.floor(spare / 5);
  return `${frame}${'\\u0041'.repeat(long)}${'A'.repeat(length - long)}"}`;
}

/** 50 requests a second of one viewer and 50 acknowledgements a second of one Node, until it is told to stop. */
export async function shout(world: World): Promise<{ stop(): Promise<number> }> {
  const [viewer, node] = [known(world, 'shouting'), known(world, 'edge-1')];
  const shouts = SHOUTS(world.domain);
  for (const text of shouts) expect(text.length).toBeLessThanOrEqual(COMMAND_BYTES);
  const ack = `{"epoch":1,"platform_epoch":1,"position":0,"crowd":[${'{},'.repeat(5_400)}{}]}`;
  expect(ack.length).toBeLessThanOrEqual(NODE_WORDS_BYTES);
  const shouter = fork(join(__dirname, 'shouter.cjs'));
  world.afterwards(async () => void shouter.kill());
  shouter.send({
    url: world.stack.natsUrl,
    viewer: { creds: viewer.creds, inboxPrefix: inboxPrefix({ kind: 'operator', id: viewer.id }) },
    node: { creds: node.creds, inboxPrefix: inboxPrefix({ kind: 'node', id: node.id }) },
    command: subjects.command(viewer.id, 'signing.verify'),
    shouts,
    ackSubject: subjects.nodeAck(node.id),
    ack,
  });
  return {
    stop: async () => {
      const answered = once(shouter, 'message');
      shouter.send('stop');
      const [count] = (await answered) as [number];
      return count;
    },
  };
}

/** Milliseconds that each of `count` signatures took, begun one after the other at 20 a second. */
export async function sign(world: World, connection: NatsConnection, count: number): Promise<number[]> {
  const operator = known(world, 'signing');
  const signing: Promise<number>[] = [];
  for (let n = 0; n < count; n++) {
    const begunAt = performance.now();
    const signed = ask(connection, operator, 'signing.sign', { scope: world.domain, payload: { n } });
    signing.push(
      signed.then(({ code }) => {
        // On a busy machine a signature may come too late also in peace: it counts as what it took.
        expect(['OK', 'DEADLINE_EXCEEDED']).toContain(code);
        return performance.now() - begunAt;
      }),
    );
    await delay(50);
  }
  return Promise.all(signing);
}

export const p99 = (numbers: readonly number[]): number =>
  [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length * 0.99)] ?? Number.NaN;
