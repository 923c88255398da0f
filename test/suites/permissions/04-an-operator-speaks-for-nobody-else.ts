import { inboxPrefix, subjects } from '@plexsphere/wire';
import type { Step } from '../../src/tell-story';
import { admin, allowed, ask, dialAs, known } from './hands';

export const step: Step = async (world) => {
  const operator = known(world, 'operator');
  const other = await admin(world);
  const node = known(world, 'edge-1').id;
  const connection = await dialAs(world, operator);
  const hear = [
    `${inboxPrefix({ kind: 'operator', id: other.id })}.>`,
    '_INBOX.>',
    `cmd.${operator.id}.>`,
    'cmd.>',
    subjects.nodeEvents(node),
    'changed.>',
    '$JS.>',
    '$SYS.>',
    '>',
  ];
  const say = [
    subjects.command(other.id, 'signing.rotate'),
    subjects.eventsOut(node),
    subjects.nodeEvents(node),
    subjects.nodeAck(node),
    subjects.anySigner('issue-bus-credential'),
    subjects.anySigner('sign-bus-account'),
    subjects.scopeSigner('platform', 'sign-bundle'),
    subjects.renewLease('signer', 'signer-0'),
    `${inboxPrefix({ kind: 'operator', id: other.id })}.reply`,
    `${inboxPrefix({ kind: 'rotation' })}.reply`,
    '$JS.API.STREAM.DELETE.EVENTS',
    '$SYS.REQ.CLAIMS.UPDATE',
  ];
  expect(await allowed(connection, { hear, say })).toEqual([]);
  expect((await ask(connection, operator, 'signing.ring', { scope: world.domain })).code).toBe('OK');
};
