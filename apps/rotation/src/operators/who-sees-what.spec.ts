import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { ExecutionContext } from '@nestjs/common';
import { BusContext } from '@plexsphere/service-kit';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { COMMANDS, COMMAND_NAMES, ROLES, type Command, type Role } from '@plexsphere/wire';
import {
  CLOSED_ID,
  CLOSED_SCOPE,
  NODE_IDS,
  OPEN_SCOPE,
  VIC,
  seededRings,
  type SeededRings,
} from '../../testing/seeded-rings';
import { OperatorGuard } from './operator.guard';

const OPEN_DOMAIN = OPEN_SCOPE.slice('domain:'.length);
const DENIED = { code: 'PERMISSION_DENIED' };

/** A viewer of one scope asks. */
describe('what an operator of one scope may ask', () => {
  let seeded: SeededRings;
  let guard: OperatorGuard;
  beforeAll(async () => {
    seeded = await seededRings(await testDatabase({ name: 'store', prepare: migrateStore }));
    guard = new OperatorGuard(seeded.database);
  }, 60_000);
  afterAll(() => seeded.drop());

  const ask = (command: string, request: unknown): Promise<boolean> => {
    const bus = new BusContext([`cmd.${VIC}.${command}`]);
    const context = { switchToRpc: () => ({ getContext: () => bus, getData: () => request }) };
    return guard.canActivate(context as unknown as ExecutionContext);
  };

  it.each<[Command, unknown]>([
    ['signing.status', {}],
    ['signing.status', { scope: OPEN_SCOPE }],
    ['signing.list', {}],
    ['domain.list', {}],
    ['node.list', {}],
    ['node.list', { scope: null }],
    ['signing.history', { scope: OPEN_SCOPE }],
    ['signing.chain', { scope: OPEN_SCOPE }],
    // What proves keys is for everybody who verifies: a Domain's chain leads on from the platform's.
    ['signing.chain', { scope: 'platform' }],
    ['signing.chain', { scope: CLOSED_SCOPE }],
    ['signing.show', { id: CLOSED_ID }],
    ['node.show', { node_id: NODE_IDS.edge }],
    ['signing.plan-rotate', { scope: OPEN_SCOPE, new_key_id: 'a3' }],
    ['signing.plan-close', { scope: OPEN_SCOPE }],
    ['domain.plan-remove', { id: OPEN_DOMAIN }],
    ['events.list', {}],
    ['events.list', { scope: OPEN_SCOPE }],
    ['events.show', { event_id: CLOSED_ID }],
    ['audit.list', {}],
    ['audit.list', { scope: OPEN_SCOPE, actor: 'ana' }],
  ])('%s %j is let through: what is not theirs is left out of the answer', async (command, request) => {
    await expect(ask(command, request)).resolves.toBe(true);
  });

  it.each<[Command, unknown]>([
    ['signing.status', { scope: CLOSED_SCOPE }],
    ['node.list', { scope: CLOSED_SCOPE }],
    ['signing.history', { scope: CLOSED_SCOPE }],
    ['signing.ring', { scope: 'platform' }],
    ['signing.jwks', { scope: CLOSED_SCOPE }],
    ['signing.history', {}],
    ['signing.history', { scope: 'domain:none' }],
    ['node.show', { scope: CLOSED_SCOPE, name: 'edge' }],
    ['signing.plan-rotate', { scope: CLOSED_SCOPE, new_key_id: 'b4' }],
    ['signing.plan-close', { scope: CLOSED_SCOPE }],
    ['signing.plan-close', undefined],
    ['domain.plan-remove', { id: randomUUID() }],
    ['domain.remove', { id: OPEN_DOMAIN }],
    ['events.list', { scope: CLOSED_SCOPE }],
    ['events.list', { scope: 'domain:none' }],
    ['audit.list', { scope: CLOSED_SCOPE }],
    ['audit.list', { scope: 'domain:none' }],
    ['audit.list', { scope: 'platform' }],
  ])('%s %j is refused', async (command, request) => {
    await expect(ask(command, request)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  it('a command that does not keep to scopes by itself is refused where it names none', async () => {
    await expect(ask('signing.ring', {})).rejects.toMatchObject(DENIED);
    await expect(ask('signing.ring', { id: OPEN_DOMAIN })).rejects.toMatchObject(DENIED);
    await expect(ask('signing.ring', { scope: OPEN_SCOPE })).resolves.toBe(true);
  });

  it('a Domain is named by its id where it is created', async () => {
    await seeded.asOwner(`UPDATE ring.operator SET role = 'operator' WHERE id = '${VIC}'`);
    await expect(ask('domain.create', { id: OPEN_DOMAIN })).resolves.toBe(true);
    await expect(ask('domain.create', { id: randomUUID() })).rejects.toMatchObject(DENIED);
    await expect(ask('domain.create', { scope: OPEN_SCOPE })).rejects.toMatchObject(DENIED);
  });

  it('tokens are of no scope: an admin of some scopes could make one that reaches further than their own', async () => {
    await seeded.asOwner(`UPDATE ring.operator SET role = 'admin' WHERE id = '${VIC}'`);
    for (const command of ['token.create', 'token.list', 'token.revoke'])
      await expect(ask(command, { scope: OPEN_SCOPE, scopes: [OPEN_SCOPE] })).rejects.toMatchObject(DENIED);
  });

  it.each(ROLES)('a %s may give what the table says, and no more', async (role) => {
    await seeded.asOwner(`UPDATE ring.operator SET scopes = NULL, role = '${role}' WHERE id = '${VIC}'`);
    for (const command of COMMAND_NAMES) {
      const outcome = await ask(command, {}).catch((error: { code: string }) => error.code);
      const may = ROLES.indexOf(role) >= ROLES.indexOf(COMMANDS[command].role);
      expect([command, outcome]).toEqual([command, may ? true : 'PERMISSION_DENIED']);
    }
    await expect(ask('signing.conjure', {})).rejects.toMatchObject(DENIED);
    await expect(ask('toString', {})).rejects.toMatchObject(DENIED);
  });

  // Not by the table: what it must say of the commands that change whom others trust.
  it.each<[Role, Command[]]>([
    ['operator', ['signing.stage', 'signing.unstage', 'signing.rotate', 'signing.rollback', 'signing.close']],
    ['operator', ['signing.rotate-when-applied', 'policy.set']],
    ['admin', ['signing.revoke', 'signing.recommit', 'signing.prepare-statement', 'recovery.rotate', 'domain.remove']],
  ])('to %s and nobody less: %j', async (least, commands) => {
    for (const role of ROLES) {
      await seeded.asOwner(`UPDATE ring.operator SET scopes = NULL, role = '${role}' WHERE id = '${VIC}'`);
      const may = role === 'admin' || role === least;
      for (const command of commands) {
        const outcome = await ask(command, {}).catch((error: { code: string }) => error.code);
        expect([role, command, outcome]).toEqual([role, command, may ? true : 'PERMISSION_DENIED']);
      }
    }
  });

  it('whoever is revoked is out at once', async () => {
    await seeded.asOwner(`UPDATE ring.operator SET revoked_at = now() WHERE id = '${VIC}'`);
    for (const command of COMMAND_NAMES)
      await expect(ask(command, {})).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
