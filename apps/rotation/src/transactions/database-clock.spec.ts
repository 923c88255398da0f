import 'reflect-metadata';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { OPEN_SCOPE, seededRings, type SeededRings } from '../../testing/seeded-rings';
import { countBacklogs } from '../status/backlog';
import { countNodes } from '../nodes/counting/count-nodes';
import { listNodes } from '../nodes/list-nodes';
import { readSnapshot } from './database-clock';

describe('a snapshot', () => {
  let seeded: SeededRings;
  beforeAll(async () => {
    seeded = await seededRings(await testDatabase({ name: 'store', prepare: migrateStore }));
  }, 60_000);
  afterAll(() => seeded.drop());

  it('sees one instant, whatever is committed meanwhile', async () => {
    const seen = await readSnapshot(seeded.database, async (manager, now) => {
      const before = await listNodes(manager, [OPEN_SCOPE], { limit: 9 });
      await seeded.asOwner(`UPDATE outbox.message SET state = 'sent'; UPDATE ring.node SET state = 'removed'`);
      const rings = [{ scope: OPEN_SCOPE, trustEpoch: 2 }];
      const { standings } = await countNodes(manager, { rings, now, names: 0 });
      const backlog = (await countBacklogs(manager, null, standings)).get(OPEN_SCOPE);
      return {
        before: before.length,
        after: (await listNodes(manager, [OPEN_SCOPE], { limit: 9 })).length,
        backlog: backlog?.unsent,
      };
    });
    expect(seen).toEqual({ before: 6, after: 6, backlog: 3 });
  });

  it('is refused whatever would change something, by the database itself', async () => {
    const writing = readSnapshot(seeded.database, (manager) => manager.query(`DELETE FROM ring.lease`));
    await expect(writing).rejects.toMatchObject({ code: '25006' });
  });
});
