import 'reflect-metadata';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import {
  CLOSED_ID,
  CLOSED_SCOPE,
  OPEN_ID,
  OPEN_SCOPE,
  STRANGER,
  seededRings,
  type SeededRings,
} from '../../testing/seeded-rings';
import type { Asked } from '../operators/operator.guard';
import type { CloseRotation } from './close-rotation';
import type { OpenRotation } from './open-rotation';
import type { RollbackRotation } from './rollback-rotation';
import type { RotationPlans } from './rotation-plans';
import { RotationController } from './rotation.controller';
import type { Rotator } from '../rotator/rotator';

const asked = (scopes: string[] | null) => ({ operator: { scopes } }) as Asked;

describe('rotations', () => {
  let seeded: SeededRings;
  let controller: RotationController;
  beforeAll(async () => {
    seeded = await seededRings(await testDatabase({ name: 'store', prepare: migrateStore }));
    controller = new RotationController(
      {} as OpenRotation,
      {} as CloseRotation,
      {} as RollbackRotation,
      {} as RotationPlans,
      {} as Rotator,
      seeded.database,
    );
  }, 60_000);
  afterAll(() => seeded.drop());

  it('are listed newest first, by the names of who opened and ended them; by the id where it has no name', async () => {
    const { transitions } = await controller.history({ scope: CLOSED_SCOPE });
    expect(transitions.map((one) => [one.new_key_id, one.outcome, one.opened_by, one.ended_by])).toEqual([
      ['b3', 'closed', STRANGER, 'ana'],
      ['b2', 'closed', 'ana', 'ana'],
    ]);
    // N-9: what was forced says so.
    expect(transitions.map(({ forced }) => forced)).toEqual([['signing.close'], []]);
    expect((await controller.history({ scope: CLOSED_SCOPE, limit: 1 })).transitions).toHaveLength(1);
  });

  it('that are open have no end', async () => {
    const { transitions } = await controller.history({ scope: OPEN_SCOPE });
    expect(transitions).toEqual([
      expect.objectContaining({ id: OPEN_ID, outcome: 'open', ended_at: null, ended_by: null, reason: 'yearly' }),
    ]);
  });

  it('of a ring that has had none are none; of a scope without ring they are refused', async () => {
    expect(await controller.history({ scope: 'platform' })).toEqual({ transitions: [], dropped: [] });
    await expect(controller.history({ scope: 'domain:none' })).rejects.toMatchObject({
      detail: 'signing: unknown scope',
    });
  });

  it('are shown with what the audit log says of them and of nothing else', async () => {
    const shown = await controller.show({ id: CLOSED_ID }, asked(null));
    expect(shown).toMatchObject({
      scope: CLOSED_SCOPE,
      switched_at: expect.any(String),
      end_switched_at: expect.any(String),
      old_key_destroyed_at: expect.any(String),
    });
    expect(shown.audit.map(({ actor, action, detail }) => [actor, action, detail])).toEqual([
      [STRANGER, 'signing.rotate', { reason: null }],
      ['ana', 'signing.close', { forced: true }],
    ]);
  });

  it.each([
    ['one that is not there', STRANGER, null],
    ['one of a scope that is not theirs', CLOSED_ID, [OPEN_SCOPE]],
  ])('are unknown alike: %s', async (_, id, scopes) => {
    await expect(controller.show({ id }, asked(scopes))).rejects.toMatchObject({
      body: { code: 'NOT_FOUND', detail: 'signing: unknown transition', field: 'id' },
    });
  });
});
