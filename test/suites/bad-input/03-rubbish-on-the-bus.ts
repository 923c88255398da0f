import { headers, type Command } from '@plexsphere/wire';
import { OperatorConnection } from '../../src/operator-connection';
import type { Step } from '../../src/tell-story';
import { fingerprint } from '../../src/fingerprint';

/** Any NATS client can use the API, so any bytes may come: each is answered, by field, and the service lives on. */
const requests = (scope: string): [Command, string, string][] => [
  ['signing.rotate', '{', 'body'],
  ['signing.rotate', '', 'scope'],
  ['signing.rotate', 'null', 'body'],
  ['signing.rotate', '[]', 'body'],
  ['signing.rotate', JSON.stringify({ scope, new_key_id: 'k9', data: {} }), 'data'],
  ['signing.rotate', JSON.stringify({ scope, new_key_id: 'k9', pattern: 'x' }), 'pattern'],
  ['signing.rotate', JSON.stringify({ scope, new_key_id: { $gt: '' } }), 'new_key_id'],
  ['signing.rotate', JSON.stringify({ scope, new_key_id: 'k9', request_id: '1; DROP TABLE ring.node' }), 'request_id'],
  ['signing.close', JSON.stringify({ scope, old_key_id: 'k1', new_key_id: 'k2', force: 'yes' }), 'force'],
  ['signing.jwks', JSON.stringify({ scope: ['platform'] }), 'scope'],
  ['events.publish', JSON.stringify({ scope, event_type: 'Route' }), 'event_type'],
  ['events.publish', JSON.stringify({ event_type: 'route' }), 'scope'],
  ['domain.create', JSON.stringify({ id: '../..', key_id: 'k1' }), 'id'],
  ['domain.remove', JSON.stringify({ id: ['x'] }), 'id'],
  ['events.list', JSON.stringify({ scope, limit: 0 }), 'limit'],
  ['events.show', JSON.stringify({ event_id: '../..' }), 'event_id'],
  ['audit.list', JSON.stringify({ scope, after: 'AAAAAAAA.1.1' }), 'after'],
  ['audit.list', JSON.stringify({ since: '2026-02-01T00:00:00Z', until: '2026-01-01T00:00:00Z' }), 'until'],
  ['node.enroll-token', JSON.stringify({ scope, token_hash: 'x' }), 'token_hash'],
  ['node.enroll-token', JSON.stringify({ scope, token_hash: 'ab'.repeat(32), ttl_seconds: 0 }), 'ttl_seconds'],
  ['enroll-token.revoke', JSON.stringify({ scope }), 'id'],
  ['enroll-token.revoke', JSON.stringify({ id: 'x' }), 'id'],
  ['enroll-token.list', JSON.stringify({ after: '../..' }), 'after'],
  ['key.rotate', JSON.stringify({}), 'scope'],
  ['key.rotate', JSON.stringify({ node_id: null }), 'node_id'],
  ['node.add', JSON.stringify({ scope, name: '', bus_public_key: 'U' }), 'name'],
];

const LEAKS = /select|insert|pg_|postgres|\/src\/|\/dist\/|at .*\.js|ECONN|typeorm/i;

export const step: Step = async (world) => {
  const operator = await OperatorConnection.open(world);
  const before = await fingerprint(world);
  for (const [command, body, field] of requests(world.domain)) {
    const reply = await operator.send(command, body);
    expect([body, reply.headers?.get(headers.errorCode)]).toEqual([body, 'INVALID_ARGUMENT']);
    expect([body, reply.json()]).toEqual([body, expect.objectContaining({ field })]);
    expect(reply.string()).not.toMatch(LEAKS);
  }
  expect(await fingerprint(world)).toEqual(before);
};
