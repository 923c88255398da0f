import { eventually } from '@plexsphere/testkit';
import type { HistoryReply } from '@plexsphere/wire/commands';
import type { Step } from '../../src/tell-story';
import { IdentityService, drawName, passTokens } from './runbook-hands';

/** Is asked again by the name that its caller gave it: it is done once, and answered as it was, whatever has come since. */
export const step: Step = async (world) => {
  const service = await IdentityService.begin(world, 'asked-again');
  const [generate, promote, disable] = [drawName(), drawName(), drawName()];
  const staged = await service.rotate(generate);
  const [kid, old] = [String(staged.body['kid']), (await service.token()).kid];

  await service.loseReplyOf(`${kid}/promote`, promote);
  const promoted = await service.promote(kid, promote);
  expect(promoted).toMatchObject({ status: 200, body: { kid, retiring_kid: old } });
  expect(await service.promote(kid, promote)).toEqual(promoted);
  const { transitions } = await world.json<HistoryReply>(['signing', 'history', '--scope', service.issuer.scope]);
  expect(transitions).toHaveLength(1);
  // Under another name it is another request.
  expect(await service.promote(kid, drawName())).toMatchObject({ status: 409 });

  await passTokens(world, service.issuer);
  await service.loseReplyOf(`${old}/disable`, disable);
  // It is done though nobody has heard so, and the key is in no set any more.
  await eventually(async () => !(await service.kids()).includes(old), { describe: 'it to go', timeoutMs: 60_000 });
  const disabled = await service.disable(old, undefined, disable);
  expect(disabled).toMatchObject({ status: 200, body: { kid: old, state: 'retired', active_kid: kid } });

  // What was staged then is what is told of it, though it signs by now, and is thrown out in the end.
  const next = await service.standby();
  expect(next.kid).not.toBe(kid);
  expect(await service.rotate(generate)).toEqual(staged);
  const unstage = drawName();
  const unstaged = await service.disable(next.kid, undefined, unstage);
  expect(unstaged).toMatchObject({ status: 200, body: { kid: next.kid, state: 'retired' } });
  expect(await service.disable(next.kid, undefined, unstage)).toEqual(unstaged);
  expect(await service.disable(old, undefined, disable)).toEqual(disabled);
  // A name is for one request.
  expect(await service.promote(kid, disable)).toMatchObject({ status: 409, body: { code: 'request_id_reused' } });
};
