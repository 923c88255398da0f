import 'reflect-metadata';
import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { BusContext } from '@plexsphere/service-kit';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import {
  CLOSED_ID,
  CLOSED_SCOPE,
  NODE_IDS,
  OPEN_SCOPE,
  VIC,
  seededRings,
  type SeededRings,
} from '../../testing/seeded-rings';
import { DomainController } from '../domains/domain.controller';
import { NodeController } from '../nodes/node.controller';
import { RingController } from '../rings/ring.controller';
import { RotationController } from '../rotations/rotation.controller';
import { StatusController } from '../status/status.controller';
import { OperatorGuard } from './operator.guard';

const rotations = RotationController.prototype;
const nodes = NodeController.prototype;
/** Whatever changes nothing and shows more than one ring's keys. */
const reads = {
  status: StatusController.prototype.status,
  list: RingController.prototype.list,
  listDomains: DomainController.prototype.list,
  listNodes: nodes.list,
  showNode: nodes.show,
  history: rotations.history,
  show: rotations.show,
  planRotate: rotations.planRotate,
  planClose: rotations.planClose,
};
type Read = keyof typeof reads;

/** A viewer of one scope asks. */
describe('what an operator of one scope may ask', () => {
  let seeded: SeededRings;
  let guard: OperatorGuard;
  beforeAll(async () => {
    seeded = await seededRings(await testDatabase({ name: 'store', prepare: migrateStore }));
    guard = new OperatorGuard(seeded.database, new Reflector());
  }, 60_000);
  afterAll(() => seeded.drop());

  const ask = (handler: unknown, request: unknown): Promise<boolean> => {
    const bus = new BusContext([`cmd.${VIC}.any.thing`]);
    const context = {
      getHandler: () => handler,
      switchToRpc: () => ({ getContext: () => bus, getData: () => request }),
    };
    return guard.canActivate(context as unknown as ExecutionContext);
  };

  it.each<[Read, unknown]>([
    ['status', {}],
    ['status', { scope: OPEN_SCOPE }],
    ['list', {}],
    ['listDomains', {}],
    ['listNodes', {}],
    ['listNodes', { scope: null }],
    ['history', { scope: OPEN_SCOPE }],
    ['show', { id: CLOSED_ID }],
    ['showNode', { node_id: NODE_IDS.edge }],
    ['planRotate', { scope: OPEN_SCOPE, new_key_id: 'a3' }],
    ['planClose', { scope: OPEN_SCOPE }],
  ])('%s %j is let through: what is not theirs is left out of the answer', async (read, request) => {
    await expect(ask(reads[read], request)).resolves.toBe(true);
  });

  it.each<[Read, unknown]>([
    ['status', { scope: CLOSED_SCOPE }],
    ['listNodes', { scope: CLOSED_SCOPE }],
    ['history', { scope: CLOSED_SCOPE }],
    ['history', {}],
    ['history', { scope: 'domain:none' }],
    ['showNode', { scope: CLOSED_SCOPE, name: 'edge' }],
    ['planRotate', { scope: CLOSED_SCOPE, new_key_id: 'b4' }],
    ['planClose', { scope: CLOSED_SCOPE }],
    ['planClose', undefined],
  ])('%s %j is refused', async (read, request) => {
    await expect(ask(reads[read], request)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  it('a command that does not keep to scopes by itself is refused where it names none', async () => {
    const { ring } = RingController.prototype;
    await expect(ask(ring, {})).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    await expect(ask(ring, { scope: OPEN_SCOPE })).resolves.toBe(true);
    await expect(ask(rotations.rotate, { scope: OPEN_SCOPE })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  it('each needs a viewer, and no more', async () => {
    await seeded.asOwner(`UPDATE ring.operator SET scopes = NULL WHERE id = '${VIC}'`);
    for (const handler of Object.values(reads)) await expect(ask(handler, {})).resolves.toBe(true);
    await seeded.asOwner(`UPDATE ring.operator SET revoked_at = now() WHERE id = '${VIC}'`);
    for (const handler of Object.values(reads)) {
      await expect(ask(handler, {})).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });
});
