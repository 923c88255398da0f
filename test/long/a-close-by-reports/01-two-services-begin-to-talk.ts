import { SharedSecret } from '../../src/channel-service';
import type { Step } from '../../src/tell-story';

/** On the bus and over HTTP. */
export const step: Step = async (world) => {
  const shared = await SharedSecret.create(world, 'pay');
  world.kept.set('shared', shared);
  await shared.add('app', 'app-1');
  await shared.add('app', 'app-2', { overHttp: true });
  await shared.add('plugin', 'plugin-1', { overHttp: true });
  await shared.add('plugin', 'plugin-2');
  await shared.allHold();
  shared.talk(500);
};
