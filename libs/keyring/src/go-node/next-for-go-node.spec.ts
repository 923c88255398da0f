import type { GoRing } from './go-ring';
import { nextForGoNode, type NextForGoNode } from './next-for-go-node';

const NOW = new Date(0);
const RING: GoRing = {
  trustEpoch: 3,
  keys: [
    { keyId: 'a', state: 'retiring', verifiesUntil: null },
    { keyId: 'b', state: 'active', verifiesUntil: null },
  ],
  changes: [
    { epoch: 1, activeKeyId: 'gone', previousKeyId: null, previousUntil: null },
    { epoch: 2, activeKeyId: 'a', previousKeyId: null, previousUntil: null },
    { epoch: 3, activeKeyId: 'b', previousKeyId: 'a', previousUntil: new Date(3_600_000) },
  ],
};
const NODE = { toldEpoch: 3, ready: { epoch: 3, position: 4 }, waits: false, isHelloUnanswered: false };
const ANNOUNCE = { kind: 'announce', keyId: 'a', from: 2, epoch: 3 } as const;
const READY = { kind: 'ready', epoch: 3 } as const;
const NONE = { kind: 'none' } as const;

test.each<[string, Partial<typeof NODE> | { ready: null }, NextForGoNode]>([
  ['it has been told everything', {}, { kind: 'ordinary', epoch: 3 }],
  ['news come before a ready', { toldEpoch: 2, isHelloUnanswered: true }, ANNOUNCE],
  ['news come before events', { toldEpoch: 2 }, ANNOUNCE],
  ['no key can announce', { toldEpoch: 1 }, NONE],
  ['the record is ahead of the ring', { toldEpoch: 4 }, NONE],
  ['it waits', { waits: true }, NONE],
  ['it waits, and there are news', { toldEpoch: 2, waits: true }, NONE],
  ['a word is to be answered', { isHelloUnanswered: true }, READY],
  ['nothing proves yet that the news were read', { ready: { epoch: 2, position: 3 } }, READY],
  ['no ready was sent', { ready: null }, READY],
])('%s', (_, node, next) => expect(nextForGoNode({ ...NODE, ...node }, RING, NOW)).toEqual(next));
