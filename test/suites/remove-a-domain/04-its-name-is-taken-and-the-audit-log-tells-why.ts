import { randomUUID } from 'node:crypto';
import type { ListAuditReply } from '@plexsphere/wire/commands';
import { OperatorConnection } from '../../src/operator-connection';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const { domain, domainId } = world;
  const again = await world.plexctl(['domain', 'create', '--id', domainId, '--key-id', 'k9']);
  expect(again.exitCode).toBe(1);
  expect(again.stderr).toContain('plexctl: signing: scope removed\n');
  expect(again.stderr).toContain(`hint: a name is used once: choose another; plexctl audit list --scope ${domain}`);

  const { entries } = await world.json<ListAuditReply>(['audit', 'list', '--scope', domain, '--limit', '2']);
  expect(entries.map(({ action, actor, scope }) => [action, actor, scope])).toEqual([
    ['domain.remove', 'admin', domain],
    ['signing.close', 'admin', domain],
  ]);

  // Who may see another scope alone hears of this one what they hear of one that never was.
  const other = `domain:${randomUUID()}`;
  const viewer = await (
    await OperatorConnection.open(world)
  ).makeColleague(world, `viewer-${domainId}`, {
    role: 'viewer',
    scopes: [other],
  });
  for (const command of ['audit.list', 'events.list'] as const) {
    const denied = { code: 'PERMISSION_DENIED', detail: 'signing: permission denied' };
    for (const scope of [domain, `domain:${randomUUID()}`, 'platform']) {
      expect([command, scope, (await viewer.ask(command, { scope })).body]).toEqual([command, scope, denied]);
    }
  }
  expect((await viewer.ask('audit.list', {})).body).toEqual({ entries: [] });
  expect((await viewer.ask('events.list', {})).body).toEqual({ events: [], counted_to: 1_000 });
};
