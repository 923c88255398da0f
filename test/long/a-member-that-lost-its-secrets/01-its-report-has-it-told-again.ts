import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@plexsphere/testkit';
import { SharedSecret, type ServiceMember } from '../../src/channel-service';
import type { Step } from '../../src/tell-story';

/** A report comes each minute, and the relay with the answer to it. */
const WITHIN_MS = 150_000;

/** It has applied all that it was told, and holds nothing of it: as after a version that knew of no channels. */
async function loseSecrets({ storeDir }: ServiceMember): Promise<void> {
  const path = join(storeDir, 'trust.json');
  const { state } = JSON.parse(await readFile(path, 'utf8')) as { state: object };
  const text = JSON.stringify({ ...state, channel_rings: [] });
  const checksum = createHash('sha256').update(text).digest('hex');
  await writeFile(path, `{"checksum":"${checksum}","state":${text}}\n`, { mode: 0o600 });
}

/** On the bus and over HTTP, one at each side: nothing changes meanwhile that they would be told of anyhow. */
export const step: Step = async (world) => {
  const shared = await SharedSecret.create(world, 'pay');
  await shared.add('app', 'app-1');
  await shared.add('plugin', 'plugin-1', { overHttp: true });
  await shared.allHold();
  const [app, plugin] = shared.members as [ServiceMember, ServiceMember];
  const before = await shared.show();
  for (const member of [app, plugin]) {
    await shared.leave(member);
    await loseSecrets(member);
    await shared.comeBack(member);
    expect([member.kids(member.sends), member.kids(member.receives)]).toEqual([[], []]);
  }
  const holds = (member: ServiceMember): boolean =>
    [member.sends, member.receives].every((scope) => member.kids(scope).length > 0);
  await eventually(async () => [app, plugin].every(holds), {
    describe: 'both holding their secrets again',
    timeoutMs: WITHIN_MS,
  });
  for (const [from, to] of [
    [app, plugin],
    [plugin, app],
  ] as const)
    await from.say(to);
  shared.expectNoneRefused();
  const after = await shared.show();
  expect(after.rings.map(({ epoch }) => epoch)).toEqual(before.rings.map(({ epoch }) => epoch));
};
