import { PLATFORM } from '@plexsphere/wire';
import type { Claim } from './claim/claims';
import { RingWatch } from './ring-watch';

const DOMAIN = 'domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';

const claim = (message: object, claimedAt = 100): Claim =>
  ({ node: { scope: DOMAIN }, message, claimedAt, deadline: 5_000 }) as unknown as Claim;
const CHANNEL = 'channel:c:a-to-b';
const ordinary = { kind: 'ordinary', epoch: 4, event: { channel: null } };
const ofChannel = { ...ordinary, event: { channel: { scope: CHANNEL, epoch: 7 } } };
const chain = { kind: 'chain', epoch: 4, platformEpoch: 2 };
const ofPlatform = { kind: 'announce', epoch: 4, told: { platformEpoch: 2 } };

test.each<[string, object, [string, number, number], boolean]>([
  ['an event, and its ring has changed', ordinary, [DOMAIN, 5, 101], true],
  ['an event for the ring as it is now', ordinary, [DOMAIN, 4, 101], false],
  ['an event that was claimed after the change', ordinary, [DOMAIN, 5, 99], false],
  ['an event, and the platform has changed', ordinary, [PLATFORM, 9, 101], false],
  ['a chain, whose bundle names the platform as it was', chain, [PLATFORM, 3, 101], true],
  ['an announcement of a change of the platform that is over', ofPlatform, [PLATFORM, 3, 101], true],
  ['news of a channel, and its ring has changed', ofChannel, [CHANNEL, 8, 101], true],
  ['news of a channel as its ring is now', ofChannel, [CHANNEL, 7, 101], false],
  ['news of a channel, and the ring that signs it has changed', ofChannel, [DOMAIN, 5, 101], true],
  ['another ring’s', chain, ['domain:other', 9, 101], false],
])('lets go of %s', (_, message, [scope, epoch, atMs], isOver) => {
  const watch = new RingWatch();
  watch.note(scope, epoch, atMs);
  expect(watch.hasOutrun(claim(message))).toBe(isOver);
});

test('a change that is said again and again counts once: what was claimed after it goes out', () => {
  const watch = new RingWatch();
  watch.note(DOMAIN, 5, 90);
  watch.note(DOMAIN, 5, 110);
  expect(watch.hasOutrun(claim(ordinary))).toBe(false);
});

test('keeps nothing for longer than a claim lasts', () => {
  const watch = new RingWatch();
  for (let i = 0; i < 1_000; i += 1) watch.note(`domain:${i}`, 2, i);
  watch.note(DOMAIN, 2, 20_000);
  expect((watch as unknown as { changed: Map<string, unknown> }).changed.size).toBe(1);
});
