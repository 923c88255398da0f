/** What the relay asks of rings, on a real PostgreSQL and under its own role, against the rings' whole histories. */
import 'reflect-metadata';
import type { RingHistory } from '@plexsphere/keyring';
import { seededRandom, testKey, type TestRing } from '@plexsphere/testkit';
import { PLATFORM } from '@plexsphere/wire';
import { readStatement } from '@plexsphere/wire/jws';
import { ClaimWorld } from '../../testing/claim-world';
import { readRings } from './read-rings';

jest.setTimeout(240_000);

const STEPS = 60;
const NOW = new Date();

let world: ClaimWorld;
beforeEach(async () => {
  world = await ClaimWorld.create();
});
afterEach(() => world.end());

/** The same questions, answered by reading all of it. */
function wholeHistory(ring: TestRing): Omit<RingHistory, 'scope' | 'epoch' | 'trustEpoch' | 'keys'> {
  const statements = ring.changes.flatMap(({ epoch, statement }) =>
    statement === null ? [] : [{ ...readStatement(statement), epoch }],
  );
  const lastOf = (which: (each: (typeof statements)[number]) => boolean): number =>
    statements.findLast(which)?.epoch ?? 0;
  // A rollback of the platform's own is told as one by the active key.
  const leadsBack = ({ type, authority_epoch }: (typeof statements)[number]): boolean =>
    type === 'revoke' || (type === 'rollback' && authority_epoch !== null);
  return {
    superiorEpoch: lastOf(leadsBack) || null,
    activeAt: (epoch) => ring.changes[epoch - 1]?.activeKeyId,
    statementsAfter: (epoch) => Math.min(2, statements.filter((each) => each.epoch > epoch).length),
    headAt: (epoch) => lastOf((each) => each.epoch <= epoch),
    activeNamedAt: (epoch) => lastOf((each) => each.epoch <= epoch && each.type !== 'recovery'),
    authorityAfter: (epoch) => {
      const named = statements.flatMap((each) => (each.epoch > epoch ? (each.authority_epoch ?? []) : []));
      return named.length === 0 ? null : Math.min(...named);
    },
  };
}

test('every answer about every epoch that a Node may have been told of is that of the whole history', async () => {
  const { mesh, domain } = world;
  const random = seededRandom();
  let names = 0;
  const live = async (scope: string): Promise<void> => {
    const { retiring, staged, active } = mesh.of(scope);
    const name = `k${(names += 1)}`;
    const change = (work: (ring: TestRing) => unknown) => mesh.change(scope, work);
    const revoke = () => change((ring) => ring.revoke(active.keyId, NOW, name));
    const may: (() => Promise<unknown>)[] = [revoke, () => change((ring) => ring.recommit(NOW))];
    if (scope === PLATFORM) may.push(() => change(() => mesh.rings.changeRecoveryKey(testKey(name))));
    if (retiring === undefined && staged === undefined)
      may.push(...Array.from({ length: 3 }, () => () => change((ring) => ring.rotate(name, NOW))));
    if (retiring === undefined && staged === undefined) may.push(() => change((ring) => ring.stage(name, NOW)));
    if (staged !== undefined) may.push(() => change((ring) => ring.unstage(NOW)));
    if (retiring !== undefined) {
      const isRolledBack = mesh.of(scope).changes.at(-1)?.change === 'rollback';
      may.push(() => change((ring) => (isRolledBack ? ring.settle() : ring.close())));
      if (!isRolledBack) may.push(() => change((ring) => ring.rollback(NOW)));
    }
    await random.pick(may)();
  };
  for (let step = 0; step < STEPS; step += 1) await live(random.pick([PLATFORM, domain]));

  const [own, platform] = [mesh.of(domain), mesh.of(PLATFORM)];
  const told = Array.from({ length: Math.max(own.epoch, platform.epoch) + 1 }, (_, epoch) => ({
    scope: domain,
    toldEpoch: Math.min(epoch, own.epoch),
    toldPlatformEpoch: Math.min(epoch, platform.epoch),
  }));
  const rings = await world.source.transaction((manager) => readRings(manager, told));
  for (const ring of [own, platform]) {
    const whole = wholeHistory(ring);
    const read = rings.get(ring.scope)!;
    expect(read).toMatchObject({ epoch: ring.epoch, trustEpoch: ring.trustEpoch, superiorEpoch: whole.superiorEpoch });
    for (const [epoch] of [null, ...ring.changes].entries()) {
      for (const question of ['statementsAfter', 'headAt', 'activeAt'] as const)
        expect([question, epoch, read[question](epoch)]).toEqual([question, epoch, whole[question](epoch)]);
      if (epoch > 0) expect(read.authorityAfter(epoch)).toBe(whole.authorityAfter(epoch));
    }
    const back = whole.superiorEpoch;
    if (back !== null) expect(read.authorityAfter(back - 1)).toBe(whole.authorityAfter(back - 1));
  }
  // A fork is asked about from its way back on.
  const whole = wholeHistory(own);
  const asked = told.flatMap(({ toldEpoch }) => toldEpoch || (whole.superiorEpoch ?? []));
  const authorities = asked.flatMap((epoch) => whole.authorityAfter(epoch) ?? []);
  for (const epoch of authorities)
    expect(rings.get(PLATFORM)!.activeNamedAt(epoch)).toBe(wholeHistory(platform).activeNamedAt(epoch));
});

test('no question reads a history that grows', async () => {
  const { mesh, domain, source } = world;
  await mesh.sleepThrough(domain, 400);
  await mesh.sleepThrough(PLATFORM, 400);
  await mesh.pool.query('ANALYZE');
  const read: string[] = [];
  const connection = {
    query: async ({ text, values }: { text: string; values: unknown[] }) => {
      const [row] = await source.query<[{ 'QUERY PLAN': object }]>(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values);
      read.push(JSON.stringify(row['QUERY PLAN']));
      return { rows: await source.query<unknown[]>(text, values) };
    },
  };
  const manager = { queryRunner: { connect: () => Promise.resolve(connection) } };
  await readRings(manager as never, [{ scope: domain, toldEpoch: 700, toldPlatformEpoch: 3 }]);
  const rows = [...read.join('').matchAll(/"Relation Name":"ring_change"[^{}]*?"Actual Rows":([\d.]+)/g)];
  expect(rows.length).toBeGreaterThan(5);
  for (const [, count] of rows) expect(Number(count)).toBeLessThan(5);
});
