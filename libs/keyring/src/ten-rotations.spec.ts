import { createRing } from './key-ring';
import { closeRotation, openRotation } from './rotation';
import { scopePolicy } from './scope-policy';
import type { Transition } from './transition';
import { trustedKeys } from './trusted-keys';

const HOUR_MS = 3_600_000;
const POLICY = scopePolicy('platform');
const spans = { overlapWindowMs: 24 * HOUR_MS, clockSkewMs: 30_000, propagationDelayMs: 0 };
const WEEK_MS = 7 * 24 * HOUR_MS;
const START_MS = Date.parse('2024-05-01T00:00:00Z');

/** When each rotation is closed, after closes_at: on time, early, late within the skew, and after transition_expires. */
const CLOSED_AFTER_MS = [0, -HOUR_MS, 10_000, HOUR_MS, 0, -23 * HOUR_MS, 29_999, 0, 30_000, 0];

describe('ten rotations, a week apart', () => {
  let nowMs = START_MS;
  let ring = createRing('platform', 'key-0');
  let transition: Transition | null = null;

  /** The exact set that a verifier accepts at this tick, if it asks for the ring now. */
  const accepted = () => trustedKeys(ring.keys, POLICY, new Date(nowMs)).map(({ keyId }) => keyId);

  it.each(CLOSED_AFTER_MS.map((afterMs, index) => [index + 1, afterMs] as const))(
    'rotation %i, closed %i ms after closes_at',
    (number, closedAfterMs) => {
      const oldKeyId = `key-${number - 1}`;
      const newKeyId = `key-${number}`;
      const openedAtMs = START_MS + number * WEEK_MS;
      const closesAtMs = openedAtMs + spans.overlapWindowMs;
      const closedAtMs = closesAtMs + closedAfterMs;
      const expiresMs = closesAtMs + spans.clockSkewMs;
      const both = [newKeyId, oldKeyId];

      const close = () => {
        ({ ring, transition } = closeRotation(ring, transition, { oldKeyId, newKeyId }));
      };
      const tick = (atMs: number, expected: string[]) => {
        if (transition?.outcome === null && atMs >= closedAtMs) {
          nowMs = closedAtMs;
          close();
        }
        nowMs = atMs;
        expect({ atMs: atMs - openedAtMs, keys: accepted() }).toEqual({ atMs: atMs - openedAtMs, keys: expected });
      };

      tick(openedAtMs - 1, [oldKeyId]);
      const command = { newKeyId, openedAt: new Date(openedAtMs), ...spans };
      ({ ring, transition } = openRotation(ring, transition, command, POLICY));

      tick(openedAtMs, both);
      const closedBy = (atMs: number) => atMs >= closedAtMs || atMs >= expiresMs;
      const ticks = [openedAtMs + spans.overlapWindowMs / 2, closesAtMs - 1, closesAtMs, expiresMs - 1, expiresMs];
      for (const atMs of [...ticks, closedAtMs].sort((a, b) => a - b)) tick(atMs, closedBy(atMs) ? [newKeyId] : both);
      tick(Math.max(closedAtMs, expiresMs) + 1, [newKeyId]);

      expect(transition?.outcome).toBe('closed');
      expect(ring).toMatchObject({ epoch: 1 + 2 * number, trustEpoch: 2 * number });
    },
  );

  it('ends with one key that verifies and ten that the ring remembers', () => {
    expect(ring.keys.map(({ state }) => state)).toEqual([...Array<string>(10).fill('retired'), 'active']);
  });
});
