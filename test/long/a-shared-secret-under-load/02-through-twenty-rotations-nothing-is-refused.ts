import { seededRandom } from '@plexsphere/testkit';
import type { SharedSecret, Side } from '../../src/channel-service';
import type { Step } from '../../src/tell-story';

const ROTATIONS = 20;

/** Of either direction, with a receiver that restarts late, and a rollback now and then. */
export const step: Step = async (world) => {
  const shared = world.kept.get('shared') as SharedSecret;
  const random = seededRandom();
  const operator = await world.operator();
  for (let n = 1; n <= ROTATIONS; n++) {
    const from: Side = random.integer(0, 1) === 0 ? 'app' : 'plugin';
    const [late] = shared.of(from === 'app' ? 'plugin' : 'app');
    const isLate = random.integer(0, 2) === 0;
    if (isLate) await shared.leave(late!);
    const rotating = await shared.rotate(from);
    if (isLate) await shared.comeBack(late!);
    await shared.signsBy(from, rotating.new_key_id);
    if (random.integer(0, 3) === 0) {
      await operator.change('signing.rollback', { scope: shared.direction(from) });
      await shared.signsBy(from, rotating.old_key_id);
      await shared.holdNo(from, rotating.new_key_id);
    } else {
      await shared.close(from, rotating);
    }
    shared.expectNoneRefused();
  }
};
