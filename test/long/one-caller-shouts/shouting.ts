import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { headers, inboxPrefix, subjects } from '@plexsphere/wire';
import type { NatsConnection } from 'nats';
import type { World } from '../../src/world';
import { ask, known } from '../../suites/permissions/hands';

const COMMAND_BYTES = 128 * 1_024;
const NODE_WORDS_BYTES = 16 * 1_024;

const crowd = (scope: string): string => `{"scope":"${scope}","crowd":[${'{},'.repeat(43_000)}{}]}`;

/** The largest that a viewer may say, to verify it: a JWS in its longest spelling, and a crowd of empty objects. */
const SHOUTS = (scope: string): string[] => [spelled({ scope, jws: '' }, 65_535, COMMAND_BYTES), crowd(scope)];

/** The last member's text, `length` characters of it, so many of them spelled as six bytes that all is `bytes` long. */
function spelled(body: object, length: number, bytes: number): string {
  const frame = JSON.stringify(body).slice(0, -2);
  const spare = bytes - frame.length - 2 - length;
  const long = Math.floor(spare / 5);
  return `${frame}${'\\u0041'.repeat(long)}${'A'.repeat(length - long)}"}`;
}

/** 50 requests a second of one viewer and 50 acknowledgements a second of one Node, until it is told to stop. */
export async function shout(world: World): Promise<{ stop(): Promise<number> }> {
  const node = known(world, 'edge-1');
  const shouts = SHOUTS(world.domain);
  for (const text of shouts) expect(text.length).toBeLessThanOrEqual(COMMAND_BYTES);
  const ack = `{"epoch":1,"platform_epoch":1,"position":0,"crowd":[${'{},'.repeat(5_400)}{}]}`;
  expect(ack.length).toBeLessThanOrEqual(NODE_WORDS_BYTES);
  const shouter = fork(join(__dirname, 'shouter.cjs'));
  world.afterwards(async () => void shouter.kill());
  shouter.send({
    ...shoutingOf(world),
    node: { creds: node.creds, inboxPrefix: inboxPrefix({ kind: 'node', id: node.id }) },
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

/** What each of `count` signatures ended with, begun one after the other at 20 a second. */
export async function sign(world: World, connection: NatsConnection, count: number): Promise<string[]> {
  const operator = known(world, 'signing');
  const signing: Promise<string>[] = [];
  for (let n = 0; n < count; n++) {
    const signed = ask(connection, operator, 'signing.sign', { scope: world.domain, payload: { n } });
    signing.push(signed.then(({ code }) => code));
    await delay(50);
  }
  return Promise.all(signing);
}

/** How many of a viewer's were not answered yet when a signature was asked for, and how many of those were before it. */
export async function signBehindCrowd(world: World): Promise<{ ahead: number; meanwhile: number; code: string }> {
  const operator = known(world, 'signing');
  const crowding = fork(join(__dirname, 'crowd.cjs'));
  world.afterwards(async () => void crowding.kill());
  crowding.send({
    ...shoutingOf(world),
    signing: { creds: operator.creds, inboxPrefix: inboxPrefix({ kind: 'operator', id: operator.id }) },
    shout: crowd(world.domain),
    signCommand: subjects.command(operator.id, 'signing.sign'),
    sign: JSON.stringify({ scope: world.domain, payload: {} }),
    errorCode: headers.errorCode,
  });
  const [told] = (await once(crowding, 'message')) as [{ ahead: number; meanwhile: number; code: string }];
  return told;
}

function shoutingOf(world: World) {
  const viewer = known(world, 'shouting');
  return {
    url: world.stack.natsUrl,
    viewer: { creds: viewer.creds, inboxPrefix: inboxPrefix({ kind: 'operator', id: viewer.id }) },
    command: subjects.command(viewer.id, 'signing.verify'),
  };
}
