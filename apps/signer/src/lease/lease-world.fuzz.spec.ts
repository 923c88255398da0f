import { LeaseRows, seededRandom } from '@plexsphere/testkit';
import { LeaseWorld } from '../../testing/lease-world';

test('P2: nothing old is accepted after a switch, in many more worlds than lease-world.spec runs', () => {
  const random = seededRandom();
  for (let run = 0; run < 5_000; run++) {
    const world = new LeaseWorld(random, new LeaseRows());
    world.run(30_000);
    expect(world.tooLate).toEqual([]);
  }
}, 900_000);
