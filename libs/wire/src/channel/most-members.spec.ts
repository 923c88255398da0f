import type { ShowChannelReply } from '../commands';
import { directionsOf } from './names';
import { MOST_MEMBERS, REPORT_LIMITS } from './report-limits';

/** As a bus carries at most where nobody has set it otherwise. */
const PAYLOAD_BYTES = 1_048_576;

const KEY_ID = 'k'.repeat(128);
const TIME = '2026-05-01T10:00:00.000Z';
const USE = { key_id: KEY_ID, at: '2026-05-01T10:00:00.'.padEnd(34, '0') + '+00:00' };
const NODE_ID = '00000000-0000-4000-8000-000000000000';
const SIDES: [string, string] = ['a'.repeat(31), 'b'.repeat(31)];
/** A ring trusts four. */
const PROVEN = Array.from({ length: 4 }, () => KEY_ID);
const COUNT = Number.MAX_SAFE_INTEGER;

it('as many as a channel may have are shown in one message, whatever each of them has reported', () => {
  const refusals = Object.fromEntries([
    ...Array.from({ length: REPORT_LIMITS.reasons }, (_, i) => [`reason_${i}_`.padEnd(48, 'x'), COUNT]),
    ['other', COUNT],
  ]);
  const name = 'n'.repeat(63);
  const member: ShowChannelReply['rings'][number]['members'][number] = {
    ...{ node_id: NODE_ID, name, side: SIDES[0], role: 'receiver', sink: false, epoch: COUNT },
    ...{ proven: PROVEN, reported_at: TIME, last_signed: USE, last_verified: USE, refusals },
    taken_over: Array.from({ length: REPORT_LIMITS.takenOver }, () => KEY_ID),
  };
  const members = Array.from({ length: MOST_MEMBERS }, () => member);
  const shown: ShowChannelReply = {
    ...{ slug: 's'.repeat(63), sides: SIDES, created_at: TIME, now: TIME },
    rings: directionsOf('s'.repeat(63), SIDES).map((scope) => ({
      ...{ scope, epoch: COUNT, active_key_id: KEY_ID, phase: 'rolled_back', old_key_id: KEY_ID, new_key_id: KEY_ID },
      ...{ opened_at: TIME, activated_at: TIME, closes_at: TIME, safe_close_at: TIME, signs_from: TIME },
      ...{ overdue: false, members, waiting_for: members.map(() => name) },
    })),
  };
  const bytes = Buffer.byteLength(JSON.stringify(shown));
  expect(bytes).toBeLessThan(PAYLOAD_BYTES);
  expect(bytes).toBeGreaterThan(PAYLOAD_BYTES / 2);
});
