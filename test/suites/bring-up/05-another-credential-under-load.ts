import { readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@plexsphere/testkit';
import { connect, credsAuthenticator } from 'nats';
import { Client } from 'pg';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';

// N-1: rotation gets another database login and bus credential while it works, and no request fails.
export const step: Step = async (world) => {
  const folder = dirname(world.stack.tokenFile);
  const before = await credentials(folder);
  const load = new Load(world);
  const anew = join(folder, 'anew');
  const issue = ['bootstrap', 'reissue', '--service', 'rotation', '--kek-file', join(folder, 'kek'), '--out', anew];
  expect((await world.plexctl(issue)).exitCode).toBe(0);

  const revoke = ['bootstrap', 'reissue', '--service', 'rotation', '--revoke-old'];
  const tooEarly = await world.plexctl(revoke);
  expect([tooEarly.exitCode, tooEarly.stderr.includes('signing: credential in use')]).toEqual([1, true]);

  for (const name of ['rotation.creds', 'rotation.database-url']) await rename(join(anew, name), join(folder, name));
  for (const replica of world.stack.services('rotation')) await replica.restart();
  expect((await world.plexctl(revoke)).exitCode).toBe(0);

  expect(await opensDatabase(before.url)).toBe('28P01');
  await eventually(async () => (await opensBus(world, before.creds)) === 'AUTHORIZATION_VIOLATION', {
    describe: 'the bus refusing the earlier credential',
  });
  const after = await credentials(folder);
  expect([await opensDatabase(after.url), await opensBus(world, after.creds)]).toEqual(['opened', 'opened']);
  await load.someMore();
  expect(await load.end()).toEqual([]);
};

const credentials = async (folder: string): Promise<{ url: string; creds: string }> => ({
  url: (await readFile(join(folder, 'rotation.database-url'), 'utf8')).trim(),
  creds: await readFile(join(folder, 'rotation.creds'), 'utf8'),
});

/** So that the two have not the whole machine, and the services are what is busy. */
const PAUSE_MS = 250;

/** An operator who asks and changes all the while; what goes wrong is kept. */
class Load {
  private readonly failures: string[] = [];
  private asked = 0;
  private ended = false;
  private readonly running: Promise<void>[];

  constructor(private readonly world: World) {
    this.running = [this.repeat(['signing', 'sign', '--scope', 'platform'], '{}'), this.repeat(['node', 'list'])];
  }

  async someMore(): Promise<void> {
    const wanted = this.asked + 4;
    await eventually(() => this.asked >= wanted, { describe: 'more requests' });
  }

  async end(): Promise<string[]> {
    this.ended = true;
    await Promise.all(this.running);
    return this.failures;
  }

  private async repeat(args: string[], input?: string): Promise<void> {
    while (!this.ended) {
      const ran = await this.world.plexctl(args, input);
      this.asked += 1;
      if (ran.exitCode !== 0) this.failures.push(ran.stderr);
      await delay(PAUSE_MS);
    }
  }
}

async function opensDatabase(connectionString: string): Promise<string> {
  const client = new Client({ connectionString });
  try {
    await client.connect();
    return 'opened';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

const opensBus = (world: World, creds: string): Promise<string> =>
  connect({ servers: world.stack.natsUrl, authenticator: credsAuthenticator(Buffer.from(creds)), reconnect: false })
    .then(async (connection) => connection.close())
    .then(
      () => 'opened',
      (error: { code?: string }) => error.code ?? String(error),
    );
