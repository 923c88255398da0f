import { get } from 'node:http';
import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';

const status = (url: string): Promise<number> =>
  new Promise((resolve, reject) => {
    get(url, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).once('error', reject);
  });

/** pino's number. */
const ERROR = 50;

export const step: Step = async (world) => {
  const services = world.stack.services();
  for (const service of services) {
    expect(await status(`http://${service.health}/livez`)).toBe(200);
    expect(await status(`http://${service.health}/readyz`)).toBe(200);
    // N-5: a healthy start logs no error, the refusal that the trial hopes for included.
    expect(service.logs().filter(({ level }) => Number(level) >= ERROR)).toEqual([]);
  }
  await world.stack.nats.kill();
  for (const service of services) {
    await eventually(async () => (await status(`http://${service.health}/readyz`)) === 503, {
      describe: `${service.name} not ready without a bus`,
    });
    expect(await status(`http://${service.health}/livez`)).toBe(200);
  }
  await world.stack.nats.start();
  for (const service of services) {
    await eventually(async () => (await status(`http://${service.health}/readyz`)) === 200, {
      describe: `${service.name} ready again`,
    });
  }
};
