import { FUZZ_SECONDS, FUZZ_TIMEOUT_MS, LeaseRows, seededRandom } from '@plexsphere/testkit';
import { LeaseWorld } from '../testing/lease-world';

test(
  'P2, S8: whatever is held up, reordered, repeated, stolen, paused or jumps: nothing old is accepted after a switch',
  () => {
    const random = seededRandom();
    const endsAt = performance.now() + FUZZ_SECONDS * 1_000;
    let [worlds, accepted, switches] = [0, 0, 0];
    while (worlds < 10 || performance.now() < endsAt) {
      const world = new LeaseWorld(random, new LeaseRows());
      world.run(30_000);
      expect(world.tooLate).toEqual([]);
      [worlds, accepted, switches] = [worlds + 1, accepted + world.accepted, switches + world.switches];
    }
    // A world in which nobody ever signs would keep every promise.
    expect(accepted / worlds).toBeGreaterThan(50);
    expect(switches / worlds).toBeGreaterThan(3);
  },
  FUZZ_TIMEOUT_MS,
);
