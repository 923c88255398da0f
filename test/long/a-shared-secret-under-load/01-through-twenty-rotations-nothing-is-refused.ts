import { randomUUID } from 'node:crypto';
import { seededRandom } from '@plexsphere/testkit';
import { SharedSecret, type Side } from '../../src/channel-service';
import type { Step } from '../../src/tell-story';

const ROTATIONS = 20;
const QUEUED = 10_000;

/**
 * Two processes a side, over the bus and over HTTP, at load both ways: through rotations of either direction, with a receiver
 * that restarts late, a rollback now and then, and webhooks that were queued before a switch and go out after it.
 */
export const step: Step = async (world) => {
  const random = seededRandom();
  const operator = await world.operator();
  const shared = await SharedSecret.create(world, 'load');
  await shared.add('app', 'app-1');
  await shared.add('app', 'app-2', { overHttp: true });
  await shared.add('plugin', 'plugin-1', { overHttp: true });
  await shared.add('plugin', 'plugin-2');
  await shared.allHold();
  shared.talk(10);

  const queued = Array.from({ length: QUEUED }, () => randomUUID());
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

  const [sender, receiver] = [shared.of('app')[0]!, shared.of('plugin')[1]!];
  await shared.isQuietFor(async () => {
    for (const id of queued) await sender.sendWebhook(receiver, id);
  });
  shared.expectNoneRefused();
  console.info(`${shared.members.reduce((sum, { said }) => sum + said.sent, 0)} messages, none refused`);
};
