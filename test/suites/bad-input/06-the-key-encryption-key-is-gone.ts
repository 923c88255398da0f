import { randomBytes } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join, dirname } from 'node:path';
import type { Step } from '../../src/tell-story';

/** A signer never makes one, and refuses another than the wrapped keys name; the keys stay as they are. */
export const step: Step = async (world) => {
  const [signer] = world.stack.services('signer');
  const kek = join(dirname(world.stack.tokenFile), 'kek');
  await signer?.stop();
  await rename(kek, `${kek}.away`);
  await expect(signer?.start()).rejects.toThrow(/kek/i);
  await writeFile(kek, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  await expect(signer?.start()).rejects.toThrow(/kek/i);
  await rename(`${kek}.away`, kek);
  await signer?.start();
  const signed = await world.json<{ key_id: string }>(['signing', 'sign', '--scope', world.domain], '{}');
  expect(signed.key_id).toBe('k2');
};
