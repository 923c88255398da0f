// The audit log in pages, on a real PostgreSQL and under rotation's own role.
import 'reflect-metadata';
import { migrateStore, type OperatorEntity } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import type { AuditEntry, ListAudit } from '@plexsphere/wire/commands';
import { ANA, CLOSED_SCOPE, OPEN_SCOPE, STRANGER, seededRings, type SeededRings } from '../../testing/seeded-rings';
import { plansOf, rowsRead } from '../../testing/plans';
import type { Scopes } from '../rings/list-rings';
import { AuditReader } from './audit-reader';

jest.setTimeout(120_000);

const ADMIN = { role: 'admin', scopes: null } as OperatorEntity;
const OTHER_ANA = '00000000-0000-4000-8000-0000000000aa';

let seeded: SeededRings;
let reader: AuditReader;

beforeAll(async () => {
  seeded = await seededRings(await testDatabase({ name: 'store', prepare: migrateStore }));
  reader = new AuditReader(seeded.database);
  // Somebody of the same name whose token was revoked; what is of no scope; and two rows of one instant.
  await seeded.asOwner(`
    INSERT INTO ring.operator (id, name, role, bus_public_key, bearer_hash, revoked_at)
      VALUES ('${OTHER_ANA}', 'ana', 'viewer', 'UC', 'h3', now());
    INSERT INTO ring.audit (happened_at, actor, action, scope, detail) VALUES
      ('2026-01-01T00:00:00.000001Z', '${OTHER_ANA}', 'signing.rotate', '${OPEN_SCOPE}', '{"reason":"old"}'),
      ('2026-01-01T00:00:00.000001Z', '${OTHER_ANA}', 'node.add', '${OPEN_SCOPE}', NULL),
      ('2026-01-01T00:00:00Z', 'bootstrap', 'bootstrap', NULL, NULL),
      ('2026-01-02T00:00:00Z', '${ANA}', 'token.create', NULL, NULL)`);
});
afterAll(() => seeded.drop());

const seenBy = ({ scope }: Partial<ListAudit>): Scopes => (scope === undefined ? null : [scope]);
const list = (request: Partial<ListAudit> = {}, scopes = seenBy(request), operator = ADMIN) =>
  reader.list(request as ListAudit, scopes, operator);
const actions = async (...args: Parameters<typeof list>) => (await list(...args)).entries.map(({ action }) => action);

/** All of a listing, by pages of so many. */
async function paged(request: Partial<ListAudit>, limit: number, scopes = seenBy(request)): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  for (let after: string | undefined; ;) {
    const page = await list({ ...request, limit, ...(after && { after }) }, scopes);
    expect(page.entries.length).toBeLessThanOrEqual(limit);
    entries.push(...page.entries);
    if (page.next === undefined) return entries;
    after = page.next;
  }
}

it('shows the newest first, with names, and what was forced', async () => {
  const { entries, next } = await list({ scope: CLOSED_SCOPE }, [CLOSED_SCOPE]);
  expect(next).toBeUndefined();
  expect(entries.map(({ actor, action, forced, detail }) => [actor, action, forced, detail])).toEqual([
    ['ana', 'signing.close', true, { forced: true }],
    ['ana', 'node.add', false, null],
    [STRANGER, 'signing.rotate', false, { reason: null }],
  ]);
});

it.each<[string, Partial<ListAudit>, string[]]>([
  ['a name, whoever went by it', { actor: 'ana', scope: OPEN_SCOPE }, ['node.add', 'signing.rotate']],
  ['an id', { actor: OTHER_ANA }, ['node.add', 'signing.rotate']],
  ['an id that has no name', { actor: STRANGER }, ['signing.rotate']],
  ['a part of the product', { actor: 'bootstrap' }, ['bootstrap']],
  ['a command', { action: 'node.add' }, ['node.add', 'node.add']],
  ['an actor and a command', { actor: 'ana', action: 'signing.close' }, ['signing.close']],
  ['a scope and a command', { scope: CLOSED_SCOPE, action: 'signing.rotate' }, ['signing.rotate']],
  [
    'times',
    { since: '2026-01-01T00:00:00Z', until: '2026-01-02T00:00:00Z' },
    ['node.add', 'signing.rotate', 'bootstrap'],
  ],
  ['nobody', { actor: 'nobody' }, []],
])('finds by %s', async (_, request, found) => {
  expect(await actions(request)).toEqual(found);
});

it('shows what is of no scope to admins of every scope alone', async () => {
  expect(await actions()).toHaveLength(7);
  for (const role of ['viewer', 'operator'] as const) {
    const seen = await actions({}, null, { role, scopes: null } as OperatorEntity);
    expect(seen).not.toContain('token.create');
    expect(seen).toHaveLength(5);
  }
  const restricted = { role: 'admin', scopes: [OPEN_SCOPE] } as OperatorEntity;
  expect(await actions({}, [OPEN_SCOPE], restricted)).toEqual(['node.add', 'signing.rotate']);
  expect(await actions({ action: 'token.create' }, [OPEN_SCOPE], restricted)).toEqual([]);
  expect(await actions({ actor: 'ana' }, [OPEN_SCOPE], restricted)).toEqual(['node.add', 'signing.rotate']);
});

it.each<[string, Partial<ListAudit>, Scopes]>([
  ['all', {}, null],
  ['two scopes', {}, [CLOSED_SCOPE, OPEN_SCOPE]],
  ['an actor', { actor: 'ana' }, null],
])('pages of one are the whole, rows of one instant too: %s', async (_, request, scopes) => {
  expect(await paged(request, 1, scopes)).toEqual((await list(request, scopes)).entries);
});

it.each<[string, Partial<ListAudit>, string]>([
  ['times swapped', { since: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' }, 'until'],
  ['no time between', { since: '2026-01-02T00:00:00Z', until: '2026-01-02T01:00:00+01:00' }, 'until'],
  ['a cursor of nothing', { after: 'AAAAAAAA.1.1' }, 'after'],
])('refuses %s', async (_, request, field) => {
  await expect(list(request)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', body: { field } });
});

it('refuses the cursor of another listing, and one that was written by hand', async () => {
  const { next = '' } = await list({ limit: 1 });
  expect((await list({ limit: 1, after: next })).entries).toHaveLength(1);
  const foreign = { code: 'INVALID_ARGUMENT', body: { field: 'after' } };
  await expect(list({ limit: 1, after: next, action: 'node.add' })).rejects.toMatchObject(foreign);
  const [name] = next.split('.');
  for (const rest of ['1', '1.x', '1.1.1', '99999999999999999.1', '-1.1']) {
    await expect(list({ after: `${name}.${rest}` })).rejects.toMatchObject(foreign);
  }
});

it('refuses a scope that never had a ring, and goes on telling of one whose ring is removed', async () => {
  await expect(list({ scope: 'domain:none' }, ['domain:none'])).rejects.toMatchObject({
    detail: 'signing: unknown scope',
  });
  await seeded.asOwner(`UPDATE ring.key_ring SET removed_at = now() WHERE scope = '${CLOSED_SCOPE}'`);
  expect(await actions({ scope: CLOSED_SCOPE }, [CLOSED_SCOPE])).toHaveLength(3);
});

describe('in a log of 120,000 entries', () => {
  const RARE = 'domain:cccccccc-cccc-4ccc-8ccc-cccccccccccc';
  const AT = { since: '2025-03-01T00:00:00Z', until: '2025-03-02T00:00:00Z' };

  beforeAll(async () => {
    await seeded.asOwner(`
      INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES ('${RARE}', 1, 1);
      INSERT INTO ring.audit (happened_at, actor, action, scope, request_id)
      SELECT timestamptz '2025-01-01' + n * interval '1 minute', CASE WHEN n = 7 THEN 'rare' ELSE '${ANA}' END,
             CASE WHEN n % 30000 = 9 THEN 'node.remove' ELSE 'events.publish' END,
             CASE WHEN n % 40000 = 5 THEN '${RARE}' ELSE '${OPEN_SCOPE}' END, gen_random_uuid()
        FROM generate_series(1, 120000) AS n;
      ANALYZE ring.audit`);
  });

  it.each<[string, Partial<ListAudit>, Scopes, number]>([
    ['nothing', {}, null, 0],
    ['a full scope', { scope: OPEN_SCOPE }, [OPEN_SCOPE], 0],
    ['a rare scope', { scope: RARE }, [RARE], 3],
    ['two scopes', {}, [OPEN_SCOPE, RARE], 0],
    ['a rare actor', { actor: 'rare' }, null, 1],
    ['a rare command', { action: 'node.remove' }, null, 4],
    ['a scope and a rare command', { scope: OPEN_SCOPE, action: 'node.remove' }, [OPEN_SCOPE], 4],
    ['a scope and a rare actor', { scope: OPEN_SCOPE, actor: 'rare' }, [OPEN_SCOPE], 0],
    ['an actor and a rare command', { actor: ANA, action: 'node.remove' }, null, 0],
    ['a day', AT, null, 0],
    ['a day of a scope', { scope: OPEN_SCOPE, ...AT }, [OPEN_SCOPE], 0],
    ['a day of a rare scope', { scope: RARE, ...AT }, [RARE], 0],
  ])('asking by %s reads no more rows than a page looks at', async (_, request, scopes, found) => {
    const plans = await plansOf(seeded.database, (database) =>
      new AuditReader(database).list(request as ListAudit, scopes, ADMIN),
    );
    expect(rowsRead(plans, 'audit')).toBeLessThanOrEqual(2_100);
    if (found > 0) expect((await list(request, scopes)).entries.length).toBe(found);
  });

  it('a page that found nothing goes on until it has', async () => {
    const entries = await paged({ actor: 'rare', scope: OPEN_SCOPE }, 50, [OPEN_SCOPE]);
    expect(entries).toHaveLength(1);
  });
});

it('P-7: entries too large for a reply share it with fewer', async () => {
  await seeded.asOwner(`
    INSERT INTO ring.audit (actor, action, scope, before, after, detail)
    SELECT 'large', 'domain.create', '${OPEN_SCOPE}', part, part, part
      FROM generate_series(1, 60), (SELECT jsonb_build_object('x', repeat('x', 16000)) AS part) AS parts`);
  const first = await list({ actor: 'large', limit: 60 });
  expect(first.entries.length).toBeLessThan(60);
  expect(JSON.stringify(first).length).toBeLessThan(500_000);
  expect(await paged({ actor: 'large' }, 60)).toHaveLength(60);
});
