import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ChannelReceiver, ChannelSender, fileKeys } from '@plexsphere/channel';
import { eventually } from '@plexsphere/testkit';
import type { MemberOfRing } from '@plexsphere/wire/commands';
import type { SharedSecret } from '../../src/channel-service';
import type { Step } from '../../src/tell-story';

const PROGRAM = resolve(__dirname, '../../../apps/channel-sink/bin/channel-sink.js');
const NAME = 'plugin-sink';

/** A party that cannot embed us reads its secrets from files. A rotation waits for what stands there, and says so. */
export const step: Step = async (world) => {
  const shared = world.kept.get('shared') as SharedSecret;
  const enrolment = await shared.enrolSink('plugin', NAME);
  const [verifies, signs] = ['verifies.json', 'signs.json'].map((name) => join(dirname(enrolment), name)) as [
    string,
    string,
  ];
  const blocks = [
    ...['--ring', 'app-to-plugin', '--to', `file:${verifies}`, '--format', 'map'],
    ...['--ring', 'plugin-to-app', '--to', `file:${signs}`, '--format', 'active'],
  ];
  const store = join(dirname(enrolment), `${NAME}.store`);
  const args = [PROGRAM, '--enrolment', enrolment, '--store', store, '--look-every', '1s', ...blocks];
  const sink = spawn(process.execPath, args, { env: { PATH: process.env['PATH'] }, stdio: 'ignore' });
  world.afterwards(async () => void sink.kill('SIGKILL'));
  const itself = async (): Promise<MemberOfRing> =>
    (await shared.ring('app')).members.find(({ name }) => name === NAME)!;

  const rotating = await shared.rotate('app');
  await shared.signsBy('app', rotating.new_key_id);
  expect(Object.keys(JSON.parse(await readFile(verifies, 'utf8')) as object)).toEqual([
    rotating.new_key_id,
    rotating.old_key_id,
  ]);

  // Each end by a file: what the sink writes is what a party without us reads.
  const app = shared.of('app')[0]!;
  const received = await new ChannelReceiver({
    scope: shared.direction('app'),
    keys: fileKeys({ scope: shared.direction('app'), path: verifies, format: 'map' }),
  }).webhook(await app.webhook());
  expect(received.keyId).toBe(rotating.new_key_id);
  const party = new ChannelSender({
    scope: shared.direction('plugin'),
    keys: fileKeys({ scope: shared.direction('plugin'), path: signs, format: 'active' }),
  });
  const [url, init] = await party.call(`${app.url}/orders`, { method: 'POST', body: '{}' });
  expect((await fetch(url, init)).status).toBe(200);

  // What somebody else has changed is proven no more, until it is put back.
  const ours = await readFile(verifies, 'utf8');
  await writeFile(verifies, '{}');
  await eventually(async () => (await itself()).proven.length === 0, { describe: 'the sink taking its word back' });
  await writeFile(verifies, ours);
  await eventually(async () => (await itself()).proven.length === 2, { describe: 'the sink proving again' });
  await shared.close('app', rotating);
  expect((await itself()).last_verified).toBe('unknown');
  sink.kill('SIGTERM');
  expect(await once(sink, 'exit')).toEqual([0, null]);
  // Else every rotation would wait for it.
  await world.json(['channel', 'remove-member', '--slug', shared.slug, '--name', NAME]);
};
