import type { FleetSeen } from './fleet-chapter';
import { asTable, broken, type Counted } from './result';

const FLEET: FleetSeen = {
  hosts: 20,
  waves: 4,
  rotated: 19,
  failed: { 'host-20': 'offline' },
  rotated_afterwards: 1,
  keys_changed: 20,
  events_delivered: 400,
  verification_failures: 0,
  events_lost: 0,
  events_applied_twice: 0,
};

/** Of a demo that has told the fleet's chapter alone. */
const told = (fleet: FleetSeen): Counted => ({
  ...{ chapters: ['fleet'], nodes: 2, rotations: 2, signers: 2, relays: 2, gateways: 2 },
  ...{ events_published: 20, events_delivered: 40, verification_failures: 0, events_lost: 0, events_applied_twice: 0 },
  over_http: { nodes: 10, events_delivered: 200, verification_failures: 0, events_lost: 0 },
  ...{ rotate_to_last_node_ms: null, rotate_to_last_node_over_http_ms: null, resume_wrote_events: null, jwks: null },
  ...{ rollback: null, revoke: null, issuer: null, channel: null, fleet },
});

test('a fleet in which the host alone that was away has failed, and did so no more afterwards, keeps every promise', () => {
  expect(broken(told(FLEET))).toEqual([]);
  expect(asTable(told(FLEET))).toEqual(
    expect.arrayContaining([
      ['hosts that changed their keys', '20 of 20, in 4 waves'],
      ['events delivered to them', '400, 0 lost'],
    ]),
  );
});

test.each<[Partial<FleetSeen>, string]>([
  [{ rotated: 18 }, '18 hosts of 19 that were there changed their keys'],
  [{ failed: {} }, 'not the host alone that was away has failed'],
  [{ failed: { 'host-20': 'no_answer' } }, 'not the host alone that was away has failed'],
  [{ failed: { 'host-19': 'offline', 'host-20': 'offline' } }, 'not the host alone that was away has failed'],
  [{ rotated_afterwards: 0 }, 'the host that was away did not change its key when it was back'],
  [{ keys_changed: 17 }, '3 hosts hold the key that they had'],
  [{ events_delivered: 0 }, 'no event was delivered to the hosts'],
  [{ verification_failures: 2 }, '2 envelopes did not verify on the hosts'],
  [{ events_lost: 1 }, '1 events were lost on the hosts'],
  [{ events_applied_twice: 1 }, '1 events were applied twice on the hosts'],
])('of a fleet %j breaks a promise', (seen, complaint) => {
  expect(broken(told({ ...FLEET, ...seen }))).toEqual([complaint]);
});
