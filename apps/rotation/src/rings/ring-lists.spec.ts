import 'reflect-metadata';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { CLOSED_SCOPE, OPEN_SCOPE, seededRings, type SeededRings } from '../../testing/seeded-rings';
import type { CreateRing } from './create-ring';
import type { PlanRemoval } from '../domains/plan-removal';
import type { RemoveDomain } from '../domains/remove-domain';
import { DomainController } from '../domains/domain.controller';
import type { Asked } from '../operators/operator.guard';
import { RingController } from './ring.controller';

const asked = (scopes: string[] | null) => ({ operator: { scopes } }) as Asked;

describe('lists', () => {
  let seeded: SeededRings;
  beforeAll(async () => {
    seeded = await seededRings(await testDatabase({ name: 'store', prepare: migrateStore }));
  }, 60_000);
  afterAll(() => seeded.drop());

  it('rings, the platform first, with the Nodes that are enrolled', async () => {
    const controller = new RingController(seeded.database);
    expect((await controller.list({}, asked(null))).rings).toEqual([
      { scope: 'platform', epoch: 1, active_key_id: 'p1', open: false, nodes: 0 },
      { scope: OPEN_SCOPE, epoch: 2, active_key_id: 'a2', open: true, nodes: 6 },
      { scope: CLOSED_SCOPE, epoch: 5, active_key_id: 'b3', open: false, nodes: 1 },
    ]);
    expect((await controller.list({}, asked([CLOSED_SCOPE]))).rings.map(({ scope }) => scope)).toEqual([CLOSED_SCOPE]);
  });

  it('Domains, by their ids', async () => {
    const controller = new DomainController(seeded.database, {} as CreateRing, {} as RemoveDomain, {} as PlanRemoval);
    const { domains } = await controller.list({}, asked(null));
    expect(domains.map(({ id, open, nodes }) => [`domain:${id}`, open, nodes])).toEqual([
      [OPEN_SCOPE, true, 6],
      [CLOSED_SCOPE, false, 1],
    ]);
    expect((await controller.list({}, asked([OPEN_SCOPE]))).domains).toHaveLength(1);
  });
});
