import { randomUUID } from 'node:crypto';
import { eventually } from '@plexsphere/testkit';
import { Client } from 'pg';
import type { Step } from '../../src/tell-story';
import { enrolToken, newKey, register } from './hands';

/** More than rotation has time for, one scope after the other, before a gateway stops waiting for it. */
const NEWCOMERS = 40;

export const step: Step = async (world) => {
  const other = randomUUID();
  await world.json(['domain', 'create', '--id', other, '--key-id', 'domain-2026-04']);
  const theirs = await enrolToken(world);
  const ours = await enrolToken(world, `domain:${other}`);
  const changing = new Client({ connectionString: world.stack.databaseUrl('owner') });
  await changing.connect();
  try {
    await changing.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [world.domain]);
    const waiting = Array.from({ length: NEWCOMERS }, () => register(world, 'gateway-1', theirs, newKey()));
    const sharing = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'`;
    const areThere = async (): Promise<boolean> => (await changing.query(sharing)).rowCount !== 0;
    await eventually(areThere, { describe: 'newcomers trying' });
    expect((await register(world, 'gateway-2', ours, newKey())).status).toBe(200);
    await changing.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [world.domain]);
    // 401: it was another one's token by then. 503: it was not let wait for so long.
    for (const { status } of await Promise.all(waiting)) expect([200, 401, 503]).toContain(status);
  } finally {
    await changing.end();
  }
};
