import { randomUUID } from 'node:crypto';
import { SharedSecret } from '../../src/channel-service';
import type { Step } from '../../src/tell-story';

const QUEUED = 10_000;

/** Two processes a side, over the bus and over HTTP, and beside them one that reads its secrets from files, at load both ways. */
export const step: Step = async (world) => {
  const shared = await SharedSecret.create(world, 'load');
  world.kept.set('shared', shared);
  await shared.add('app', 'app-1');
  await shared.add('app', 'app-2', { overHttp: true });
  await shared.add('plugin', 'plugin-1', { overHttp: true });
  await shared.add('plugin', 'plugin-2');
  world.kept.set('sink', await shared.addSink('plugin', 'plugin-sink'));
  await shared.allHold();
  shared.talk(10);
  // Webhooks that have their ids by now, and go out when all is over.
  world.kept.set(
    'queued',
    Array.from({ length: QUEUED }, () => randomUUID()),
  );
};
