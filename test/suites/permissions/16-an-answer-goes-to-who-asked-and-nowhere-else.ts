import { randomUUID } from 'node:crypto';
import { eventually } from '@plexsphere/testkit';
import {
  COMMAND_NAMES,
  OWN,
  TRAFFIC,
  inboxOf,
  subjects,
  type BusUser,
  type Traffic,
  type UserKind,
  createBusKey,
} from '@plexsphere/wire';
import type { NatsConnection } from 'nats';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';
import { fingerprint } from '../../src/fingerprint';
import { AllEars } from './all-ears';
import { admin, ask, bootstrapFile, dial, dialAs, known, makeNode, makeToken, type Person } from './hands';

/** Stands in every body that does something: no log may ever show it. */
const MARK = 'deputy-mark';

/** Each does something when it is handled; what is not here is asked with a scope alone. */
const BODIES = (world: World): Record<string, object> => ({
  'domain.create': { id: randomUUID(), key_id: MARK },
  'node.add': { scope: world.domain, name: MARK, bus_public_key: createBusKey('user').publicKey },
  'node.remove': { scope: world.domain, name: 'edge-2' },
  'node.enroll-token': { scope: world.domain, token_hash: 'cd'.repeat(32) },
  'events.publish': { scope: world.domain, event_type: 'route_updated', payload: `{"mark":"${MARK}"}` },
  'signing.rotate': { scope: world.domain, new_key_id: MARK },
  'token.create': {
    name: MARK,
    role: 'admin',
    bus_public_key: createBusKey('user').publicKey,
    bearer_hash: 'ab'.repeat(32),
  },
  'token.revoke': { id: known(world, 'deputy-asker').id },
  'destroy-key': { scope: world.domain, key_id: 'k2' },
});

/** Tables that a request would change if it were handled. */
const CHANGED = [
  'ring.audit',
  'ring.key_ring',
  'ring.signing_key',
  'ring.transition',
  'ring.node',
  'ring.node_key',
  'ring.fleet_run',
  'ring.enrol_token',
  'outbox.event',
  'material.wrapped_key',
];

/** S1: whoever asks picks the reply subject, and the service that answers has rights of its own there. */
export const step: Step = async (world) => {
  const asker = await makeToken(world, { name: 'deputy-asker', role: 'admin' });
  const node = await makeNode(world, world.domain, 'deputy-node');
  // Its sign of life, once a minute, would be taken for an answer.
  const edge2 = world.nodes.find(({ name }) => name === 'edge-2');
  await edge2?.stop();
  const ears = await AllEars.open(world);
  const manager = await ears.connection.jetstreamManager();
  const stored = async (): Promise<number> => (await manager.streams.info('EVENTS')).state.messages;
  const before = { rows: await changedBy(world), stored: await stored() };
  const forbidden = await elsewhere(world);

  for (const row of TRAFFIC.filter(({ answered, listeners }) => answered && listeners.length > 0)) {
    for (const kind of row.speakers.filter((speaker) => speaker !== 'gateway')) {
      const person = kind === 'node' ? node : asker;
      const connection = await speakAs(world, kind, person);
      for (const subject of subjectsOf(row, world, person)) {
        const name = subject
          .split('.')
          .slice(kind === 'operator' ? 2 : -1)
          .join('.');
        const body = JSON.stringify(BODIES(world)[name] ?? { scope: world.domain });
        for (const reply of forbidden.filter((each) => !mayListen(row, each)))
          connection.publish(subject, body, { reply });
        connection.publish(subject, body);
      }
      await connection.flush();
      await connection.close();
    }
  }

  // Each service goes on, and has dealt with what came before by the time that it answers.
  const again = await dialAs(world, asker);
  for (let n = 0; n < 20; n++) expect((await ask(again, asker, 'signing.verify', verifiable(world))).code).toBe('OK');
  await ears.connection.flush();
  const arrived = ears.heard.filter(({ subject }) => forbidden.includes(subject)).map(({ subject }) => subject);
  expect(arrived).toEqual([]);
  expect(await changedBy(world)).toEqual(before.rows);
  expect(await stored()).toBeGreaterThanOrEqual(before.stored);
  for (const kind of ['rotation', 'signer'] as const) await saysSoWithoutTheBody(world, kind);
  await edge2?.start();
};

/** Services that may ask the same verb are not told apart: the subject names none of them. */
const mayListen = ({ speakers, subject }: Traffic, reply: string): boolean =>
  !subject.includes(OWN) && speakers.some((kind) => reply.startsWith(`${inboxOf(kind)}.`));

const verifiable = (world: World): object => ({ scope: world.domain, jws: 'a.b.c' });

async function changedBy(world: World): Promise<Record<string, unknown>> {
  const now = await fingerprint(world);
  return Object.fromEntries(CHANGED.map((table) => [table, now[table]]));
}

/** Where an answer would do harm. The tokens are of nobody, so that whatever arrives there is an answer. */
async function elsewhere(world: World): Promise<string[]> {
  const node = known(world, 'edge-2').id;
  const other = (await admin(world)).id;
  return [
    subjects.nodeEvents(node),
    subjects.nodeHello(node),
    subjects.nodeAck(node),
    subjects.eventsOut(node),
    subjects.command(other, 'token.create'),
    subjects.command(other, 'signing.close'),
    subjects.thatSigner('deputy', 'load-key'),
    subjects.scopeSigner('issuer:deputy', 'sign-jws'),
    subjects.renewLease('signer', 'deputy'),
    subjects.renewLease('gateway', 'deputy'),
    'changed.deputy',
    '$JS.API.STREAM.PURGE.EVENTS',
    '$JS.API.STREAM.DELETE.EVENTS',
    '$JS.API.CONSUMER.CREATE.EVENTS',
    '$SYS.REQ.CLAIMS.UPDATE',
    '$SYS.REQ.USER.INFO',
    `${inboxOf('operator', other)}.deputy`,
    `${inboxOf('node', node)}.deputy`,
    `${inboxOf('rotation')}.deputy`,
    `${inboxOf('signer')}.deputy`,
    `${inboxOf('outbox-relay')}.deputy`,
    `${inboxOf('gateway')}.deputy`,
  ];
}

async function speakAs(world: World, kind: UserKind, asker: Person): Promise<NatsConnection> {
  if (kind === 'operator') return dialAs(world, asker);
  if (kind === 'node') return dial(world, asker.creds, { kind, id: asker.id });
  return dial(world, await bootstrapFile(world, `${kind}.creds`), { kind } as BusUser);
}

function subjectsOf({ subject }: Traffic, world: World, asker: Person): string[] {
  const own = subject.replace(OWN, asker.id);
  if (own.endsWith('.>')) return COMMAND_NAMES.map((command) => subjects.command(asker.id, command));
  if (!own.startsWith('signer.at.')) return [own.replace('*', world.domain)];
  const holder = world.stack
    .services('signer')[0]
    ?.logs()
    .find(({ msg }) => msg === 'lease holder')?.['holder'];
  return [own.replace('*', String(holder))];
}

async function saysSoWithoutTheBody(world: World, kind: 'rotation' | 'signer'): Promise<void> {
  const lines = world.stack.services(kind).flatMap((service) => service.logs());
  const reasons = new Set(lines.filter(({ msg }) => msg === 'message refused unread').map(({ reason }) => reason));
  await eventually(() => reasons.has('foreign reply subject') && reasons.has('no reply subject'), {
    describe: `${kind} saying that it refused`,
  });
  expect(lines.filter((line) => JSON.stringify(line).includes(MARK))).toEqual([]);
}
