import { RestingRings } from './resting-rings';

test('a ring rests for two seconds from the last time that nobody signed for it, and is forgotten then', () => {
  const rings = new RestingRings();
  rings.rest('channel:a:b-to-c', 1_000);
  rings.rest('channel:d:e-to-f', 2_000);
  rings.rest('channel:a:b-to-c', 2_500);
  expect(rings.now(3_999)).toEqual(['channel:d:e-to-f', 'channel:a:b-to-c']);
  expect(rings.now(4_000)).toEqual(['channel:a:b-to-c']);
  expect(rings.now(4_500)).toEqual([]);
});
