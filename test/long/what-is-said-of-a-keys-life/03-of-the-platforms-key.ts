import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { eventually } from '@plexsphere/testkit';
import { ALGORITHMS, MESH_ALGORITHM, sealRecoveryKey } from '@plexsphere/wire';
import { recoveryFile, replaceRecoveryFile } from '../../src/recovery-file';
import { allTrustPlatform } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';
import { Talk } from './hands';

const of = ['--scope', 'platform'];
const json = ['--output', 'json'];

/** The key of the platform, by the recovery key; and that one itself. */
export const step: Step = async (world) => {
  const files = await filesOf(world);
  const talk = new Talk(world, files);
  const say = talk.say.bind(talk);
  const by = (key: string): string[] => [
    ...['--recovery-key', `${key}.json`, '--recovery-passphrase-file', `${key}.passphrase`],
  ];
  const revoke = (...keys: string[]): string[] => ['signing', 'revoke', ...of, ...keys, '--reason', 'stolen', '--yes'];

  // Whoever has the wrong file at hand has had a key made: its name is free again in a minute, and says so until then.
  const replace = revoke('--key-id', 'platform-2', '--new-key-id', 'platform-3');
  await say(1, ...replace);
  await say(1, ...replace, ...by('foreign'));
  await say(1, 'signing', 'stage', ...of, '--new-key-id', 'platform-3');
  await world.query(
    `UPDATE material.wrapped_key SET prepared_at = prepared_at - interval '61 s' WHERE scope = 'platform'`,
  );
  await say(0, 'signing', 'stage', ...of, '--new-key-id', 'platform-3');
  await allTrustPlatform(world.nodes, ['platform-2', 'platform-3']);
  await propagated(world);
  await say(0, 'signing', 'rotate', ...of, '--new-key-id', 'platform-3', '--plan');
  await say(0, 'signing', 'rotate', ...of, '--new-key-id', 'platform-3', '--reason', 'planned');
  await allTrustPlatform(world.nodes, ['platform-3', 'platform-2']);

  await say(2, 'signing', 'revoke', ...of, '--key-id', 'platform-3', '--reason', 'x', '--plan', ...by('recovery-key'));
  await say(0, 'signing', 'revoke', ...of, '--key-id', 'platform-2', '--reason', 'stolen', '--plan');
  await say(
    0,
    'signing',
    'revoke',
    ...of,
    '--key-id',
    'platform-3',
    '--new-key-id',
    'p4',
    '--reason',
    'stolen',
    '--plan',
  );
  await say(0, ...revoke('--key-id', 'platform-3', '--new-key-id', 'p4'), ...by('recovery-key'));
  await allTrustPlatform(world.nodes, ['p4']);
  await say(0, ...revoke('--key-id', 'p4', '--new-key-id', 'p5'), ...by('recovery-key'), ...json);
  await allTrustPlatform(world.nodes, ['p5']);
  await say(0, 'signing', 'recommit', ...of, '--reason', 'restored', ...by('recovery-key'));
  await say(0, 'signing', 'recommit', ...of, '--reason', 'restored', ...by('recovery-key'), ...json);

  const rotate = ['recovery', 'rotate', '--reason', 'used'];
  await say(0, 'recovery', 'rotate', '--plan');
  await say(0, ...rotate, ...by('recovery-key'), ...to('recovery-2'));
  await say(1, ...rotate, ...by('recovery-key'), ...to('unused'), '--new-key-id', 'r3');
  await say(0, ...rotate, ...by('recovery-2'), ...to('recovery-3'), '--new-key-id', 'r3', ...json);
  replaceRecoveryFile(world, {
    key: files.get('recovery-3.json') ?? '',
    passphrase: files.get('recovery-3.passphrase') ?? '',
  });
  talk.expectToMatch('life-of-the-platforms-key.transcript');
};

const to = (key: string): string[] => ['--out', `${key}.json`, '--new-passphrase-file', `${key}.passphrase`];

/** How the transcript calls them, and where they are. */
async function filesOf(world: World): Promise<Map<string, string>> {
  const { key, passphrase } = recoveryFile(world);
  const folder = join(dirname(dirname(world.stack.tokenFile)), 'of-the-operator');
  await mkdir(folder, { mode: 0o700 });
  const files = new Map([
    ['recovery-key.json', key],
    ['recovery-key.passphrase', passphrase],
  ]);
  for (const name of ['foreign', 'recovery-2', 'recovery-3', 'unused']) {
    for (const kind of ['json', 'passphrase']) files.set(`${name}.${kind}`, join(folder, `${name}.${kind}`));
    await writeFile(join(folder, `${name}.passphrase`), `${randomUUID()}\n`, { mode: 0o600 });
  }
  const secret = `${randomUUID()}`;
  await writeFile(join(folder, 'foreign.passphrase'), secret, { mode: 0o600 });
  const foreign = await ALGORITHMS[MESH_ALGORITHM].generate();
  await writeFile(join(folder, 'foreign.json'), await sealRecoveryKey(foreign, secret, { n: 2, r: 8, p: 1 }));
  return files;
}

const propagated = (world: World): Promise<unknown> =>
  eventually(
    async () =>
      (await world.plexctl(['signing', 'rotate', ...of, '--new-key-id', 'platform-3', '--plan'])).exitCode === 0,
    { describe: 'the staged key propagated' },
  );
