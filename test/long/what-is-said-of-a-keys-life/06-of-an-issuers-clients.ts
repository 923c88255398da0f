import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeClientKey } from '../../src/client-key';
import { issuerOf } from '../../src/issuer-hands';
import type { Step } from '../../src/tell-story';
import { Talk } from './hands';

const MAY = ['--token-scope', 'orders:read', '--audience', 'https://orders.example.com'];

/** Secrets are shown once each, and stand here as every other text of their length does. */
export const step: Step = async (world) => {
  const { scope } = issuerOf(world);
  const file = join(dirname(dirname(world.stack.tokenFile)), 'of-the-operator', 'jobs.json');
  await writeFile(file, JSON.stringify({ keys: [(await makeClientKey('jobs-1')).jwk] }));
  const talk = new Talk(world, new Map([['jobs.json', file]]));
  const say = talk.say.bind(talk);
  const client = (verb: string, id: string, ...more: string[]): string[] => [
    ...['client', verb, '--scope', scope, '--client-id', id],
    ...more,
  ];

  await say(0, 'client', 'list', '--scope', scope);
  await say(0, ...client('create', 'billing', ...MAY, '--token-scope', 'orders:bill', '--ttl', '5m'));
  await say(1, ...client('create', 'billing', ...MAY));
  await say(2, ...client('create', 'reports', ...MAY, '--ttl', '2h'));
  await say(2, 'client', 'create', '--scope', 'platform', '--client-id', 'reports', ...MAY);
  await say(1, 'client', 'create', '--scope', 'issuer:nowhere', '--client-id', 'reports', ...MAY);
  await say(0, ...client('create', 'reports', ...MAY, '--output', 'json'));
  await say(0, ...client('create', 'jobs', ...MAY, '--jwks', 'jobs.json'));
  await say(0, ...client('rotate-secret', 'billing'));
  await say(0, ...client('rotate-secret', 'billing', '--keep-old', '1h', '--output', 'json'));
  await say(1, ...client('rotate-secret', 'jobs'));
  await say(1, ...client('rotate-secret', 'nobody'));
  await say(0, ...client('show', 'billing'));
  await say(0, ...client('show', 'jobs', '--output', 'json'));
  await say(0, 'client', 'list', '--scope', scope);
  await say(0, ...client('delete', 'jobs'));
  await say(1, ...client('delete', 'jobs'));
  await say(0, 'audit', 'list', '--scope', scope, '--action', 'client.rotate-secret', '--output', 'json');
  talk.expectToMatch('life-of-an-issuers-clients.transcript');
};
