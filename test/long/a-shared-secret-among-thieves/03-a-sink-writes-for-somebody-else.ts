import { readFile, writeFile } from 'node:fs/promises';
import { eventually } from '@plexsphere/testkit';
import type { MemberOfRing } from '@plexsphere/wire/commands';
import type { ServiceMember, SharedSecret } from '../../src/channel-service';
import type { Step } from '../../src/tell-story';

/** A party that cannot embed us reads its secrets from files. A rotation waits for what stands there, and says so. */
export const step: Step = async (world) => {
  const shared = world.kept.get('shared') as SharedSecret;
  const [app] = shared.of('app') as [ServiceMember];
  const sink = await shared.addSink('plugin', 'plugin-sink');
  const itself = async (): Promise<MemberOfRing> =>
    (await shared.ring('app')).members.find(({ name }) => name === sink.name)!;

  const rotating = await shared.rotate('app');
  await shared.signsBy('app', rotating.new_key_id);
  expect(sink.kids(sink.receives)).toEqual([rotating.new_key_id, rotating.old_key_id]);
  // Each end by a file: what the sink writes is what a party without us reads.
  await app.say(sink);
  await sink.say(app);
  expect(sink.said).toEqual({ sent: 2, refused: [] });
  expect(app.said.refused.filter((text) => text.includes(sink.name))).toEqual([]);

  // What somebody else has changed is proven no more, until it is put back.
  const ours = await readFile(sink.verifies, 'utf8');
  await writeFile(sink.verifies, '{}');
  await eventually(async () => (await itself()).proven.length === 0, { describe: 'the sink taking its word back' });
  await writeFile(sink.verifies, ours);
  await eventually(async () => (await itself()).proven.length === 2, { describe: 'the sink proving again' });
  await shared.close('app', rotating);
  expect((await itself()).last_verified).toBe('unknown');
  await sink.stopSink();
  // Else every rotation would wait for it.
  await shared.removeSink(sink);
};
