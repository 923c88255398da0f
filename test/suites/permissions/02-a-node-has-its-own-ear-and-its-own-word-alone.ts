import { EVENT_STREAM, inboxPrefix, subjects } from '@plexsphere/wire';
import type { Step } from '../../src/tell-story';
import { admin, allowed, dial, known, ofIssuers } from './hands';

export const step: Step = async (world) => {
  const [own, other] = [known(world, 'edge-1'), known(world, 'edge-2')];
  const operator = (await admin(world)).id;
  const node = await dial(world, own.creds, { kind: 'node', id: own.id });
  const hear = [
    subjects.nodeEvents(other.id),
    subjects.nodeEvents('*'),
    subjects.nodeHello(own.id),
    subjects.eventsOut('*'),
    `${inboxPrefix({ kind: 'node', id: other.id })}.>`,
    '_INBOX.>',
    'cmd.>',
    'signer.>',
    '$KV.>',
    '$JS.>',
    '$SYS.>',
    '>',
  ];
  const say = [
    subjects.eventsOut(own.id),
    subjects.eventsOut(other.id),
    subjects.nodeEvents(own.id),
    subjects.nodeEvents(other.id),
    subjects.nodeAck(other.id),
    subjects.nodeHello(other.id),
    subjects.command(operator, 'signing.rotate'),
    subjects.anySigner('issue-bus-credential'),
    subjects.scopeSigner(world.domain, 'sign-envelope'),
    ...ofIssuers(),
    subjects.renewLease('signer', 'signer-0'),
    subjects.ringChanged,
    `$JS.API.CONSUMER.CREATE.${EVENT_STREAM.name}`,
    `$JS.API.CONSUMER.DURABLE.CREATE.${EVENT_STREAM.name}.mine`,
    `$JS.API.STREAM.MSG.GET.${EVENT_STREAM.name}`,
    `$JS.API.DIRECT.GET.${EVENT_STREAM.name}`,
    '$JS.API.DIRECT.GET.KV_rings',
    '$JS.API.STREAM.PURGE.EVENTS',
    '$KV.rings.any',
    '$SYS.REQ.CLAIMS.UPDATE',
  ];
  expect(await allowed(node, { hear, say })).toEqual([]);
};
