// What an operator is told who sets a schedule, against a bus that answers as a test says.
import { FakeBus } from '../../../testing/fake-bus';
import { Desk } from '../../../testing/surroundings';

const SPAN = { overlap_window_seconds: 86_400, propagation_delay_seconds: 900, longest_token_seconds: 3_600 };
const policy = { algorithm: 'Ed25519', ...SPAN, rotate_every: '7d', close: 'manual', standby: false };
const reply = {
  ...{ kind: null, scope: 'platform', kind_version: 0, lacking: null, rings: 1, lacking_count: 0, lacking_rings: [] },
  ...{ policy: { ...policy, share_required: 100, key_id_pattern: '{name}' }, from: {} },
};

const desk = new Desk();
afterAll(() => desk.remove());

it.each([
  [['--scope', 'platform', '--rotate-every', '7d'], 'note: when it is due: plexctl signing status --scope platform\n'],
  [['--kind', 'platform', '--rotate-every', '0 3 * * 1'], 'note: when it is due: plexctl signing status\n'],
  [['--scope', 'platform', '--rotate-every', 'never'], ''],
  [['--scope', 'platform', '--close', 'manual'], ''],
])('policy set %j says where to read when it is due, if ever', async (flags, told) => {
  const bus = new FakeBus(() => ({ reply }));
  try {
    const { exitCode, stderr } = await desk.plexctl(await bus.start(), ['policy', 'set', ...flags]);
    expect([exitCode, stderr]).toEqual([0, told]);
  } finally {
    await bus.stop();
  }
});
