// Events and who does not have them, on a real PostgreSQL and under rotation's own role.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import type { MissingNode, ShowEvent } from '@plexsphere/wire/commands';
import { plansOf, rowsRead } from '../../testing/plans';
import { CLOSED_SCOPE, NODE_IDS, OPEN_SCOPE, seededRings, type SeededRings } from '../../testing/seeded-rings';
import type { Scopes } from '../rings/list-rings';
import { EventReader } from './event-reader';
import { fanOutToNode, fanOutToScope } from './fan-out';
import { tellOfKeys } from './tell-of-keys';

jest.setTimeout(120_000);

const event = (scope = OPEN_SCOPE, eventId: string = randomUUID()) => {
  return { eventId, scope, eventType: 'route_updated', payload: null };
};

let seeded: SeededRings;
let reader: EventReader;

beforeEach(async () => {
  seeded = await seededRings(await testDatabase({ name: 'store', prepare: migrateStore }));
  reader = new EventReader(seeded.database);
  await seeded.asOwner('DELETE FROM outbox.message');
  await seeded.asOwner('DELETE FROM outbox.key_message');
  await seeded.asOwner('DELETE FROM outbox.event');
});
afterEach(() => seeded.drop());

const publish = async (scope = OPEN_SCOPE): Promise<string> => {
  const published = event(scope);
  await seeded.database.transaction((manager) => fanOutToScope(manager, published));
  return published.eventId;
};
/** A change of the platform's ring, told to every Node. */
const tellAll = async (): Promise<string> => {
  const change = { eventId: randomUUID(), scope: 'platform', eventType: 'signing_key_rotated', epoch: 2 };
  const audience = { ownNodes: 'all', otherNodes: true } as const;
  await seeded.database.transaction((manager) => tellOfKeys(manager, change, audience));
  return change.eventId;
};
/** As a relay marks them, behind their words. */
const mark = (eventId: string, names: string[], applied: boolean) =>
  seeded.asOwner(`
    WITH marked AS (
      UPDATE outbox.key_message SET applied = ${applied}
       WHERE event_id = '${eventId}' AND node_id IN (SELECT id FROM ring.node WHERE name IN (${list(names)})) RETURNING 1)
    UPDATE outbox.event SET ${applied ? 'applied = applied' : 'superseded = superseded'} + (SELECT count(*) FROM marked)
     WHERE event_id = '${eventId}'`);
const list = (names: string[]): string => names.map((name) => `'${name}'`).join(', ');
const settle = (names: string[], outcome: string) =>
  seeded.asOwner(
    `UPDATE outbox.message SET state = 'settled', outcome = '${outcome}', settled_at = clock_timestamp()
      WHERE node_id IN (SELECT id FROM ring.node WHERE name IN (${list(names)}))`,
  );
const sent = (name: string) =>
  seeded.asOwner(
    `UPDATE outbox.message SET state = 'sent', sent_at = '2026-01-01T00:00:00Z'
      WHERE node_id = (SELECT id FROM ring.node WHERE name = '${name}' AND state = 'enrolled')`,
  );
const show = (eventId: string, scopes: Scopes = null, more: Partial<ShowEvent> = {}) =>
  reader.show({ event_id: eventId, ...more }, scopes);

async function allMissing(eventId: string, limit: number, scopes: Scopes = null): Promise<MissingNode[]> {
  const missing: MissingNode[] = [];
  for (let after: string | undefined; ;) {
    const page = await show(eventId, scopes, { limit, ...(after && { after }) });
    expect(page.missing.length).toBeLessThanOrEqual(limit);
    missing.push(...page.missing);
    if (page.next === undefined) return missing;
    after = page.next;
  }
}

it('N-9: says how many Nodes have it, which do not, and since when', async () => {
  const eventId = await publish();
  await settle(['current'], 'applied');
  await settle(['new'], 'superseded');
  await settle(['asleep'], 'expired');
  await sent('told');
  const shown = await show(eventId, [OPEN_SCOPE]);
  expect(shown).toMatchObject({
    ...{ event_id: eventId, scope: OPEN_SCOPE, event_type: 'route_updated', epoch: null },
    ...{ nodes: 6, applied: 1, waiting: 3, superseded: 1, expired: 1 },
  });
  expect(shown.missing.map(({ name, state, scope }) => [name, state, scope])).toEqual([
    ['resting', 'unsent', OPEN_SCOPE],
    ['told', 'sent', OPEN_SCOPE],
    ['untold', 'unsent', OPEN_SCOPE],
    ['asleep', 'expired', OPEN_SCOPE],
  ]);
  expect(shown.missing[0]?.since).toBe(shown.created_at);
  expect(shown.missing[1]?.since).toBe('2026-01-01T00:00:00.000Z');
  expect(shown.missing[3]?.last_seen_at).toEqual(expect.any(String));
});

it('counts on when the settled messages are gone', async () => {
  const eventId = await publish();
  await settle(['current', 'resting', 'new', 'asleep'], 'applied');
  await seeded.asOwner(`DELETE FROM outbox.message WHERE state = 'settled'`);
  expect(await show(eventId)).toMatchObject({ nodes: 6, applied: 4, waiting: 2 });
});

it('counts every Node that it was written for: one, a scope, and those of the others beside it', async () => {
  const single = event();
  const [node] = await seeded.asOwner<{ id: string }>(`SELECT id FROM ring.node WHERE name = 'current'`);
  await fanOutToNode(seeded.database.manager, single, node!.id);
  expect(await show(single.eventId)).toMatchObject({ nodes: 1, waiting: 1 });
  expect(await show(await tellAll())).toMatchObject({ nodes: 7, waiting: 7 });
});

it('names Nodes of another scope to who may see that one, and counts all', async () => {
  const everywhere = await tellAll();
  const seen = await allMissing(everywhere, 2, ['platform', CLOSED_SCOPE]);
  expect(seen.map(({ name }) => name)).toEqual(['edge']);
  expect(await show(everywhere, ['platform'])).toMatchObject({ waiting: 7, missing: [] });
});

it('of a change of keys says the same by its own table, and what was sent by what the streams have told', async () => {
  const eventId = await tellAll();
  await mark(eventId, ['current', 'edge'], true);
  await mark(eventId, ['new'], false);
  await seeded.asOwner(`UPDATE outbox.node_stream SET told_platform_epoch = 2 WHERE node_id = '${NODE_IDS.told}'`);
  const shown = await show(eventId);
  expect(shown).toMatchObject({
    ...{ event_id: eventId, scope: 'platform', epoch: 2 },
    ...{ nodes: 7, applied: 2, waiting: 4, superseded: 1, expired: 0 },
  });
  expect(shown.missing.map(({ name, state, since }) => [name, state, since])).toEqual([
    ['resting', 'unsent', shown.created_at],
    ['told', 'sent', shown.created_at],
    ['untold', 'unsent', shown.created_at],
    ['asleep', 'unsent', shown.created_at],
  ]);
  expect(await allMissing(eventId, 1)).toEqual(shown.missing);
  expect(await allMissing(eventId, 3)).toEqual(shown.missing);
  const [listed] = (await reader.list({ limit: 1 }, null)).events;
  expect(listed).toMatchObject({ event_id: eventId, applied: 2, waiting: 4, superseded: 1 });
});

it('pages of one are the whole', async () => {
  const eventId = await publish();
  await settle(['asleep', 'new'], 'expired');
  const whole = (await show(eventId)).missing;
  expect(whole).toHaveLength(6);
  expect(await allMissing(eventId, 1)).toEqual(whole);
  expect(await allMissing(eventId, 4)).toEqual(whole);
});

it.each<[string, Scopes]>([
  ['one that is not there', null],
  ['one of a scope that is not theirs', [CLOSED_SCOPE]],
])('is unknown alike: %s', async (what, scopes) => {
  const eventId = what.includes('theirs') ? await publish() : randomUUID();
  await expect(show(eventId, scopes)).rejects.toMatchObject({
    body: { code: 'NOT_FOUND', detail: 'signing: unknown event', field: 'event_id' },
  });
});

it('lists the newest first, of the scopes that may be seen, in pages', async () => {
  const ids: string[] = [];
  for (const scope of [OPEN_SCOPE, CLOSED_SCOPE, OPEN_SCOPE, 'platform']) ids.unshift(await publish(scope));
  const [, third, second, first] = ids;
  const list = async (scopes: Scopes, limit?: number, after?: string) => {
    const { events, next } = await reader.list({ ...(limit && { limit }), ...(after && { after }) }, scopes);
    return { ids: events.map((one) => one.event_id), next };
  };
  expect((await list(null)).ids).toEqual(ids);
  expect((await list([OPEN_SCOPE])).ids).toEqual([third, first]);
  for (const scopes of [null, [OPEN_SCOPE, CLOSED_SCOPE]]) {
    const whole = (await list(scopes)).ids;
    const page = await list(scopes, 2);
    expect(page.ids).toEqual(whole.slice(0, 2));
    expect((await list(scopes, 2, page.next)).ids).toEqual(whole.slice(2));
  }
  expect(whole(await reader.list({ scope: CLOSED_SCOPE }, [CLOSED_SCOPE]))).toEqual([second]);
});

const whole = ({ events }: { events: { event_id: string }[] }): string[] => events.map((one) => one.event_id);

it('refuses a foreign cursor, and a scope that has no ring', async () => {
  const [eventId, other] = [await publish(), await publish()];
  const { next = '' } = await reader.list({ limit: 1 }, null);
  const { next: ofShow = '' } = await show(eventId, null, { limit: 1 });
  const foreign = { code: 'INVALID_ARGUMENT', body: { field: 'after' } };
  await expect(reader.list({ after: ofShow }, null)).rejects.toMatchObject(foreign);
  await expect(reader.list({ scope: OPEN_SCOPE, after: next }, [OPEN_SCOPE])).rejects.toMatchObject(foreign);
  await expect(show(other, null, { after: ofShow })).rejects.toMatchObject(foreign);
  await expect(show(eventId, null, { after: `${ofShow.split('.')[0]}.settled.1` })).rejects.toMatchObject(foreign);
  await expect(reader.list({ scope: 'domain:none' }, ['domain:none'])).rejects.toMatchObject({
    detail: 'signing: unknown scope',
  });
});

describe('in a mesh of 20,000 Nodes', () => {
  const RARE = CLOSED_SCOPE;

  beforeEach(async () => {
    await seeded.asOwner(`
      INSERT INTO ring.node (id, scope, name, bus_public_key)
        SELECT gen_random_uuid(), '${OPEN_SCOPE}', 'mass-' || n, 'mass-' || n FROM generate_series(1, 20000) AS n;
      INSERT INTO outbox.event (event_id, scope, event_type, created_at)
        SELECT gen_random_uuid(), '${OPEN_SCOPE}', 'x', now() - n * interval '1 s' FROM generate_series(1, 20000) AS n`);
    await publish(RARE);
  });

  const analyse = () =>
    seeded.asOwner('ANALYZE ring.node; ANALYZE outbox.event; ANALYZE outbox.message; ANALYZE outbox.key_message');
  const cost = async (ask: (events: EventReader) => Promise<unknown>, table: string) => {
    await analyse();
    return rowsRead(await plansOf(seeded.database, (database) => ask(new EventReader(database))), table);
  };

  it('an event that all but three have is shown without a look at the others', async () => {
    const eventId = await publish();
    await seeded.asOwner(`UPDATE outbox.message SET state = 'settled', outcome = 'applied', settled_at = now()
      WHERE event_id = '${eventId}' AND id NOT IN (SELECT id FROM outbox.message ORDER BY id DESC LIMIT 3)`);
    expect(await cost((events) => events.show({ event_id: eventId }, null), 'message')).toBeLessThan(50);
    expect(await show(eventId)).toMatchObject({ nodes: 20_006, applied: 20_003, waiting: 3 });
  });

  it('a change of keys is counted without a look at its messages, however many there are', async () => {
    const eventId = await tellAll();
    expect(await cost((events) => events.list({ limit: 1 }, null), 'key_message')).toBe(0);
    expect(await cost((events) => events.show({ event_id: eventId, limit: 20 }, null), 'key_message')).toBeLessThan(50);
    expect(await show(eventId)).toMatchObject({ nodes: 20_007, applied: 0, waiting: 10_000, counted_to: 10_000 });
  });

  it('an event that nobody has is counted as far as somebody wants to know, and shown a page at a time', async () => {
    const eventId = await publish();
    expect(await cost((events) => events.show({ event_id: eventId }, null), 'message')).toBeLessThan(10_200);
    expect(await show(eventId)).toMatchObject({ nodes: 20_006, applied: null, waiting: 10_000, counted_to: 10_000 });
    expect(await cost((events) => events.list({ limit: 5 }, null), 'message')).toBeLessThan(2_000);
  });

  it.each<[string, Scopes]>([
    ['every scope', null],
    ['a scope that has few', [RARE]],
    ['both', [OPEN_SCOPE, RARE]],
  ])('a page of the events of %s reads no more than a page', async (_, scopes) => {
    expect(await cost((events) => events.list({ limit: 20 }, scopes), 'event')).toBeLessThan(100);
  });
});
