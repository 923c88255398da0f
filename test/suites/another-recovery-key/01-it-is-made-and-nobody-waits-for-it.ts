import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { throughKills } from '../../src/kills';
import { recoveryFile, recoveryFlags, replaceRecoveryFile, type RecoveryFile } from '../../src/recovery-file';
import { beginLife, nodeOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  await beginLife(world, 'k1', ['edge-1', 'sleeper']);
  await nodeOf(world, 'sleeper').stop();
  const before = recoveryFile(world);
  const folder = dirname(world.stack.tokenFile);
  const made: RecoveryFile = {
    key: join(folder, 'recovery-2.json'),
    passphrase: join(folder, 'recovery-2.passphrase'),
  };
  await writeFile(made.passphrase, `${randomUUID()}\n`, { mode: 0o600 });
  const rotate = [
    'recovery',
    'rotate',
    '--reason',
    'used',
    '--out',
    made.key,
    '--new-passphrase-file',
    made.passphrase,
  ];
  const reply = await throughKills(world, () => world.json([...rotate, ...recoveryFlags(before)]));
  expect(reply).toMatchObject({ scope: 'platform', file: made.key });
  replaceRecoveryFile(world, made);
  world.kept.set('the former recovery key', before);
};
