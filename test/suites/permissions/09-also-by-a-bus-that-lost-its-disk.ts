import { eventually, loseDisk } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import { askAs, dialAs, known } from './hands';

/** The revocations stand in Postgres: the bus gets them with the account, before anybody is let in. */
export const step: Step = async (world) => {
  const { nats } = world.stack;
  await nats.kill();
  await loseDisk(nats);
  await nats.start();
  // The signer, too, and not rotation alone: each dials by itself.
  const back = () => askAs(world, known(world, 'operator'), 'signing.sign', { scope: 'platform', payload: {} });
  await eventually(async () => (await back()).code === 'OK', { describe: 'the services being back' });
  await expect(dialAs(world, known(world, 'leaver'))).rejects.toMatchObject({ code: 'AUTHORIZATION_VIOLATION' });
};
