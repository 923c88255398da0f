import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { pastSilence } from '../../src/past-silence';
import type { Step } from '../../src/tell-story';

/** A holder that was paused inside its transaction: its scope is refused after seconds, any other goes on. */
export const step: Step = async (world) => {
  const [stuck, free] = [randomUUID(), randomUUID()];
  for (const id of [stuck, free]) await world.json(['domain', 'create', '--id', id, '--key-id', 'k1']);
  const holder = new Client({ connectionString: world.stack.databaseUrl('owner') });
  await holder.connect();
  try {
    await holder.query('BEGIN');
    await holder.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`domain:${stuck}`]);
    const rotate = (id: string) =>
      pastSilence(world, ['signing', 'rotate', '--scope', `domain:${id}`, '--new-key-id', 'k2']);
    const [waiting, going] = [rotate(stuck), rotate(free)];
    expect((await going).exitCode).toBe(0);
    const refused = await waiting;
    expect([refused.exitCode, refused.stderr.includes('signing: scope busy')]).toEqual([1, true]);
  } finally {
    await holder.end();
  }
};
