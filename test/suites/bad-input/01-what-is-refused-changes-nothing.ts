import type { Step } from '../../src/tell-story';
import { Transcript } from '../../src/transcript';
import { fingerprint } from '../../src/fingerprint';

interface Case {
  what: string;
  args: string[];
  input?: string;
  exitCode: number;
  says: string[];
}

const rotate = (scope: string, keyId: string): string[] => [
  'signing',
  'rotate',
  '--scope',
  scope,
  '--new-key-id',
  keyId,
];

const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';
const UNKNOWN_DOMAIN = `domain:${UNKNOWN_ID}`;
const INVARIANT = 'signing: invariant violation';

const cases = (domain: string): Case[] => [
  { what: 'a malformed scope', args: rotate('domain', 'k2'), exitCode: 2, says: [INVARIANT, '--scope'] },
  { what: 'an unknown scope kind', args: rotate('region:eu', 'k2'), exitCode: 2, says: [INVARIANT, '--scope'] },
  { what: 'an upper-case UUID', args: rotate(domain.toUpperCase(), 'k2'), exitCode: 2, says: [INVARIANT, '--scope'] },
  {
    what: 'a scope that the profile refuses',
    args: rotate('channel:web:hub-to-edge', 'k2'),
    exitCode: 2,
    says: [INVARIANT],
  },
  { what: 'a malformed key id', args: rotate(domain, 'a/b'), exitCode: 2, says: [INVARIANT, '--new-key-id'] },
  { what: 'an empty key id', args: rotate(domain, ''), exitCode: 2, says: ['--new-key-id'] },
  { what: 'a key id that is taken', args: rotate(domain, 'k1'), exitCode: 1, says: ['signing: key id in use'] },
  {
    what: 'an unknown Domain',
    args: rotate(UNKNOWN_DOMAIN, 'k2'),
    exitCode: 1,
    says: ['signing: unknown scope'],
  },
  {
    what: 'tokens for Nodes of an unknown Domain',
    args: ['enroll-token', 'list', '--scope', UNKNOWN_DOMAIN],
    exitCode: 1,
    says: ['signing: unknown scope'],
  },
  {
    what: 'a close where none is open',
    args: ['signing', 'close', '--scope', domain, '--old', 'k1', '--new', 'k2'],
    exitCode: 1,
    says: ['signing: no open rotation'],
  },
  { what: 'a missing flag', args: ['signing', 'rotate', '--scope', domain], exitCode: 2, says: ['--new-key-id'] },
  { what: 'an unknown flag', args: [...rotate(domain, 'k2'), '--now'], exitCode: 2, says: ['--now'] },
  {
    what: 'a reserved event type',
    args: ['events', 'publish', '--scope', domain, '--event-type', 'signing_key_rotated'],
    input: '{}',
    exitCode: 2,
    says: ['signing: reserved event type'],
  },
  {
    what: 'a payload that is no JSON',
    args: ['events', 'publish', '--scope', domain, '--event-type', 'odd'],
    input: '{"a":',
    exitCode: 2,
    says: ['--payload-file is not JSON'],
  },
  {
    what: 'an envelope over the cap',
    args: ['events', 'publish', '--scope', domain, '--event-type', 'big'],
    input: JSON.stringify('x'.repeat(66_000)),
    exitCode: 2,
    says: ['signing: envelope too large'],
  },
  {
    what: 'a fleet run for nobody',
    args: ['edge', 'fleet', 'keys', 'rotate', '--target', 'tags.any=nobody'],
    exitCode: 1,
    says: ['signing: no targets'],
  },
  {
    what: 'a fleet run for an unknown Domain',
    args: ['edge', 'fleet', 'keys', 'rotate', '--target', UNKNOWN_DOMAIN],
    exitCode: 1,
    says: ['signing: unknown scope'],
  },
  {
    what: 'a fleet run that there is not',
    args: ['edge', 'fleet', 'abort', UNKNOWN_ID],
    exitCode: 1,
    says: ['signing: unknown fleet run'],
  },
  {
    what: 'a tag for a Node that there is not',
    args: ['node', 'tag', '--node-id', UNKNOWN_ID, '--add', 'prod'],
    exitCode: 1,
    says: ['signing: unknown node'],
  },
  {
    what: 'a message of 10 MB',
    args: ['events', 'publish', '--scope', domain, '--event-type', 'huge'],
    input: JSON.stringify('x'.repeat(10_000_000)),
    exitCode: 2,
    says: [],
  },
];

export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  const before = await fingerprint(world);
  const transcript = new Transcript(world);
  for (const { what, args, input, exitCode, says } of cases(world.domain)) {
    const ran = await world.plexctl(args, input);
    transcript.add(args, ran);
    expect([what, ran.exitCode, ran.stdout]).toEqual([what, exitCode, '']);
    for (const words of says) expect([what, ran.stderr]).toEqual([what, expect.stringContaining(words)]);
    expect([what, await fingerprint(world)]).toEqual([what, before]);
  }
  transcript.expectToMatch('refused.transcript');
};
