import 'reflect-metadata';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { CLOSED_SCOPE, OPEN_SCOPE, seededRings, type SeededRings } from '../../testing/seeded-rings';
import type { ListStatements, ListStatementsReply } from '@plexsphere/wire/commands';
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

  describe("a ring's statements", () => {
    const chain = (asked: Partial<ListStatements>): Promise<ListStatementsReply> =>
      new RingController(seeded.database).chain({ scope: CLOSED_SCOPE, ...asked });

    it('are listed oldest first, those alone that there are, after any epoch', async () => {
      await seeded.asOwner(
        `UPDATE ring.ring_change SET statement = 'of epoch ' || epoch WHERE statement IS NOT NULL AND scope = '${CLOSED_SCOPE}'`,
      );
      const statements = ['of epoch 2', 'of epoch 4'];
      expect(await chain({})).toEqual({ scope: CLOSED_SCOPE, statements });
      expect(await chain({ after_epoch: 2 })).toEqual({ scope: CLOSED_SCOPE, statements: ['of epoch 4'] });
      expect(await chain({ after_epoch: 4 })).toEqual({ scope: CLOSED_SCOPE, statements: [] });
      expect(await chain({ after_epoch: Number.MAX_SAFE_INTEGER })).toMatchObject({ statements: [] });
      expect(await chain({ limit: 1 })).toEqual({ scope: CLOSED_SCOPE, statements: ['of epoch 2'], next: 2 });
      expect(await chain({ limit: 1, after_epoch: 2 })).toEqual({ scope: CLOSED_SCOPE, statements: ['of epoch 4'] });
    });

    it('are told apart from a ring that is not there', async () => {
      await expect(chain({ scope: 'domain:none' })).rejects.toMatchObject({ detail: 'signing: unknown scope' });
    });

    it('come in as many pages as they need, each one that the bus carries', async () => {
      await seeded.asOwner(
        `INSERT INTO ring.ring_change (scope, epoch, change, active_key_id, event_id, statement, statement_hash)
         SELECT 'platform', epoch, 'rotate', 'p1', 'big ' || epoch, epoch || repeat('"', 100000), 'h of ' || epoch
           FROM generate_series(2, 9) AS epoch`,
      );
      const begins: string[] = [];
      let pages = 0;
      for (let next: number | undefined = 1; next !== undefined; pages += 1) {
        const page: ListStatementsReply = await chain({ scope: 'platform', after_epoch: next });
        expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThan(1_000_000);
        begins.push(...page.statements.map((text) => text.slice(0, 1)));
        next = page.next;
      }
      expect(begins.join('')).toBe('23456789');
      expect(pages).toBe(4);
    });

    it('come one at a time where one alone is more', async () => {
      await seeded.asOwner(
        `UPDATE ring.ring_change SET statement = repeat('x', 600000) WHERE scope = 'platform' AND epoch > 7`,
      );
      expect(await chain({ scope: 'platform', after_epoch: 7 })).toMatchObject({
        statements: [expect.anything()],
        next: 8,
      });
    });
  });
});
