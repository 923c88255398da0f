import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@plexsphere/stack';
import { eventually } from '@plexsphere/testkit';
import { DOMAIN, GatewayWorld } from '../../testing/gateway-world';

jest.setTimeout(120_000);

let world: GatewayWorld;
beforeAll(async () => void (world = await GatewayWorld.make()));
afterAll(() => world.end());

const NAME = 'plexsphere_gateway_retiring_key_age_seconds';

/** The gauge as Prometheus reads it, by kind. */
async function told(): Promise<Record<string, number>> {
  const text = await (await world.get('/metrics')).text();
  expect(text).toContain(`# TYPE ${NAME} gauge`);
  const samples = [...text.matchAll(new RegExp(`^${NAME}\\{kind="([a-z]+)"\\} (.+)$`, 'gm'))];
  return Object.fromEntries(samples.map(([, kind, value]) => [kind, Number(value)]));
}

it('tells for how long a key has been on its way out, by kind and by no name', async () => {
  const moved = await world.addIssuer('moved');
  await world.importKey(moved, 'old');
  expect(await told()).toEqual({});

  const ring = world.rings.of(DOMAIN);
  const { epoch } = ring;
  await ring.rotate('k2', new Date());
  await world.commit(ring, epoch);
  await world.query(`UPDATE ring.signing_key SET state_since = now() - interval '49 hours' WHERE state = 'retiring'`);
  const { domain, ...others } = await told();
  expect([others, Math.floor((domain ?? 0) / 3_600)]).toEqual([{}, 49]);
});

it('tells the rest where the database is away', async () => {
  await world.closeDatabase();
  await eventually(async () => !('domain' in (await told())), { describe: 'nothing to be told' });
  world.openDatabase();
  await eventually(async () => 'domain' in (await told()), { describe: 'it to be told again' });
});

it('is what an alert is about', () =>
  expect(readFileSync(join(repositoryRoot, 'libs/jwt-guard/alerts.yml'), 'utf8')).toContain(`(${NAME})`));
