import { join } from 'node:path';
import { eventually } from '@plexsphere/testkit';
import { SharedSecret, type ServiceMember } from '../../src/channel-service';
import type { Step } from '../../src/tell-story';
import { readTrustFile, writeTrustFile } from '../../src/trust-file';

/** A report comes each minute, and the relay with the answer to it. */
const WITHIN_MS = 150_000;

/** It has applied all that it was told, and holds nothing of it: as after a version that knew of no channels. */
function loseSecrets({ storeDir }: ServiceMember): void {
  const path = join(storeDir, 'trust.json');
  writeTrustFile(path, { ...readTrustFile(path), channel_rings: [] });
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
    loseSecrets(member);
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
