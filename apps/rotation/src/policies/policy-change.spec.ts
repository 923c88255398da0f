// A kind of ring whose policy is part of the ring, on a real PostgreSQL: none is here yet, so one is taken for it.
import 'reflect-metadata';
import type { Logger } from '@plexsphere/service-kit';
import { migrateStore, storeOptions } from '@plexsphere/store';
import { eventually, testDatabase } from '@plexsphere/testkit';
import { DataSource } from 'typeorm';
import { DOMAIN, Heart, HOLDERS, identity } from '../../testing/heart';
import type { RotationConfig } from '../rotation-config';
import { existing, readRing } from '../rings/read-ring';
import { PolicyChange } from './policy-change';

jest.setTimeout(60_000);

const config = { overlapWindowMs: 3_600_000, verifierCacheMs: 900_000 } as RotationConfig;
const logger = { info: () => undefined } as unknown as Logger;

it('raises the epoch and no trust epoch, and tells it apart from every other change', async () => {
  const test = await testDatabase({ name: 'store', prepare: migrateStore });
  const heart = await Heart.start(test);
  const database = await new DataSource(storeOptions(await test.urlAs('rotation'), 'test')).initialize();
  try {
    const ring = await database.transaction(async (manager) => {
      const stored = await existing(readRing(manager, DOMAIN));
      const told = { ...stored, policy: { ...stored.policy, policyRaisesEpoch: true } };
      const decided = { ...stored.decided, own: { close: 'automatic' as const } };
      const change = new PolicyChange(config, logger);
      await change.write(manager, { stored: told, decided, at: new Date(), identity: identity('policy.set') });
      return (await existing(readRing(manager, DOMAIN))).ring;
    });
    expect(ring).toMatchObject({ epoch: 2, trustEpoch: 1, keys: [{ keyId: 'k1', state: 'active' }] });
    expect(await heart.owner.query(`SELECT change, statement FROM ring.ring_change WHERE epoch = 2`)).toEqual([
      { change: 'policy', statement: null },
    ]);
    const [audited] = await heart.owner.query<{ detail: object }[]>(`SELECT detail FROM ring.audit WHERE scope = $1`, [
      DOMAIN,
    ]);
    expect(audited?.detail).toMatchObject({ before: { close: 'manual' }, after: { close: 'automatic' } });
    // Whoever asks is answered at once; who signs hears of it by Resume, which any replica runs.
    const isSwitched = async (): Promise<boolean | undefined> => {
      const [change] = await heart.owner.query<{ is: boolean }[]>(
        `SELECT switched_at IS NOT NULL AS is FROM ring.ring_change WHERE scope = $1 AND epoch = 2`,
        [DOMAIN],
      );
      return change?.is;
    };
    expect(await isSwitched()).toBe(false);
    const replica = await heart.replica();
    expect(await replica.policies.show({ scope: DOMAIN }, null)).toMatchObject({
      policy: { close: 'automatic' },
      from: { close: 'scope' },
    });
    replica.resume.onApplicationBootstrap();
    await eventually(isSwitched, { describe: 'the switch' });
    await replica.resume.onModuleDestroy();
    const epochs = await heart.owner.query<{ epoch: number }[]>(
      `SELECT (epochs ->> $1)::int AS epoch FROM ring.lease ORDER BY holder`,
      [DOMAIN],
    );
    expect(epochs.map(({ epoch }) => epoch)).toEqual(HOLDERS.map(() => 2));
  } finally {
    await database.destroy();
    await heart.stop();
  }
});
