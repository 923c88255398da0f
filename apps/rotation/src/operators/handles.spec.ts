import 'reflect-metadata';
import type { PipeTransform, Type } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants';
import { COMMAND_NAMES, HTTP_COMMANDS, commandOf, type Command } from '@plexsphere/wire';
import { RotationConfig } from '../rotation-config';
import { RotationModule } from '../rotation.module';

interface Answering {
  command: string;
  /** What stands between a request and the method. */
  edge: Type<PipeTransform<unknown, Promise<object>>>;
}

const { controllers = [] } = RotationModule.with({} as never, {} as never);

/** The commands that the service's controllers answer. */
const answering = (): Answering[] =>
  controllers.flatMap((controller) =>
    Object.getOwnPropertyNames(controller.prototype).flatMap((name) => {
      const patterns = Reflect.getMetadata('microservices:pattern', controller.prototype[name]) as string[] | undefined;
      const parameters = Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) as object | undefined;
      const [request] = Object.values(parameters ?? {}).filter(({ index }) => index === 0);
      return (patterns ?? []).flatMap((pattern) => {
        const command = commandOf(pattern)?.command;
        return command === undefined ? [] : [{ command, edge: request.pipes[0] }];
      });
    }),
  );

/** What the method gets, in an installation that accepts these kinds of scopes. */
async function taken(command: Command, request: object, scopeKinds = ['platform', 'domain']): Promise<object> {
  const { edge: Edge } = answering().find((each) => each.command === command)!;
  return new Edge(Object.assign(new RotationConfig(), { scopeKinds })).transform(request, { type: 'body' });
}

it('every command of the table is answered, by one method', () => {
  const answered = answering().map(({ command }) => command);
  // Of two subjects where it may come over HTTP.
  expect(answered.sort()).toEqual([...COMMAND_NAMES, ...HTTP_COMMANDS].sort());
});

const ID = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';
const OF_DOMAIN = { scope: `domain:${ID}` };

it.each<[Command, object]>([
  ['signing.rotate', { ...OF_DOMAIN, new_key_id: 'k2' }],
  ['signing.close', { ...OF_DOMAIN, old_key_id: 'k1', new_key_id: 'k2' }],
  ['signing.jwks', OF_DOMAIN],
  ['signing.sign', { ...OF_DOMAIN, payload: {} }],
  ['signing.status', OF_DOMAIN],
  ['domain.create', { id: ID, key_id: 'k1' }],
  ['domain.remove', { id: ID }],
  ['events.list', OF_DOMAIN],
  ['audit.list', OF_DOMAIN],
  ['node.list', OF_DOMAIN],
  ['node.remove', { ...OF_DOMAIN, name: 'edge' }],
  ['events.publish', { ...OF_DOMAIN, event_type: 'policy_updated' }],
])('%s of a Domain is refused where the installation accepts no Domains', async (command, request) => {
  await expect(taken(command, request)).resolves.toEqual(request);
  await expect(taken(command, request, ['platform'])).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    body: { field: 'scope', accepted_kinds: ['platform'] },
  });
});

it.each<[Command, object, string]>([
  ['events.publish', { node_id: null, event_type: 'policy_updated' }, 'node_id'],
  ['node.remove', { node_id: null }, 'node_id'],
  ['node.remove', { node_id: ID, scope: { not: 'a scope' } }, 'scope'],
  ['node.show', { node_id: ID, name: null }, 'name'],
  ['signing.rotate', { ...OF_DOMAIN, new_key_id: 'k2', more: 1 }, 'more'],
  ['signing.rotate', { ...OF_DOMAIN, new_key_id: 'k2', force: 1 }, 'force'],
  ['signing.rotate-when-applied', { ...OF_DOMAIN, new_key_id: 'k2', percent: 0 }, 'percent'],
  ['signing.rotate-when-applied', { ...OF_DOMAIN, new_key_id: 'k2', percent: 101 }, 'percent'],
  ['signing.plan-rotate-when-applied', { ...OF_DOMAIN, new_key_id: 'k2', percent: 99.5 }, 'percent'],
  [
    'signing.rotate-when-applied',
    { ...OF_DOMAIN, new_key_id: 'k2', percent: 9, deadline_seconds: 0 },
    'deadline_seconds',
  ],
  ['signing.stage', { ...OF_DOMAIN, new_key_id: 'k2', rotate_within_seconds: 0 }, 'rotate_within_seconds'],
  ['signing.stage', { ...OF_DOMAIN, new_key_id: '~k2' }, 'new_key_id'],
  ['signing.unstage', { ...OF_DOMAIN, key_id: '' }, 'key_id'],
  ['signing.rollback', { ...OF_DOMAIN, statement: 'x'.repeat(5_000) }, 'statement'],
  ['signing.revoke', { ...OF_DOMAIN, key_id: 'k1' }, 'reason'],
  ['signing.revoke', { ...OF_DOMAIN, key_id: 'k1', reason: ' ' }, 'reason'],
  ['signing.revoke', { ...OF_DOMAIN, key_id: 'k1', reason: 'x', discard_staged: 'yes' }, 'discard_staged'],
  ['signing.recommit', OF_DOMAIN, 'reason'],
  ['recovery.rotate', { reason: 'used' }, 'statement'],
  ['signing.prepare-statement', { scope: 'platform', type: 'rotate' }, 'type'],
  ['signing.prepare-statement', { scope: 'platform', type: 'recovery', new_public_key: 'x' }, 'new_public_key'],
  ['signing.plan-change', { ...OF_DOMAIN, change: 'close' }, 'change'],
  ['policy.set', { ...OF_DOMAIN, share_required: 101 }, 'share_required'],
  ['policy.set', { ...OF_DOMAIN, close: 'never' }, 'close'],
  ['policy.set', { ...OF_DOMAIN, rotate_every: '* * *' }, 'rotate_every'],
  ['domain.remove', { id: ID.toUpperCase() }, 'id'],
  ['domain.plan-remove', {}, 'id'],
  ['events.list', { limit: 0 }, 'limit'],
  ['events.list', { limit: 201 }, 'limit'],
  ['events.list', { after: 'x' }, 'after'],
  ['events.show', { event_id: `${ID}/` }, 'event_id'],
  ['events.show', {}, 'event_id'],
  ['audit.list', { limit: 0.5 }, 'limit'],
  ['audit.list', { after: `AAAAAAAA.${'1'.repeat(200)}` }, 'after'],
  ['audit.list', { actor: `'; DROP TABLE` }, 'actor'],
  ['audit.list', { action: 'Signing.Rotate' }, 'action'],
  ['audit.list', { since: 'yesterday' }, 'since'],
  ['audit.list', { until: `2026-01-01T00:00:00.${'0'.repeat(100)}Z` }, 'until'],
])('%s %j is refused by the name of the field', async (command, request, field) => {
  await expect(taken(command, request)).rejects.toMatchObject({ body: { field } });
});
