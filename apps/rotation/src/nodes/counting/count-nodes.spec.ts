import 'reflect-metadata';
import { OFFLINE_AFTER_MS, progressOf, type NodeFacts, type Progress } from '@plexsphere/keyring';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import fc from 'fast-check';
import { CLOSED_SCOPE, OPEN_SCOPE, seededRings, type SeededRings } from '../../../testing/seeded-rings';
import { readSnapshot } from '../../transactions/database-clock';
import { countNodes, type NodeCounts } from './count-nodes';

const PLATFORM = 'platform';
const SCOPES = [OPEN_SCOPE, CLOSED_SCOPE, PLATFORM] as const;

/** A Node as the tables hold it; times in milliseconds before now, the digits behind them microseconds. */
interface Drawn {
  scope: (typeof SCOPES)[number];
  listens: 'bus' | 'sdk' | 'go';
  state: 'enrolled' | 'removed';
  told: number;
  applied: number;
  toldPlatform: number;
  appliedPlatform: number;
  firstSeen: number | null;
  lastSeen: number | null;
  waits: boolean;
  hadStream: boolean;
}

/** In no list. */
const WELL: Omit<Drawn, 'listens' | 'state' | 'hadStream'> = {
  ...{ scope: OPEN_SCOPE, told: 9, applied: 9, toldPlatform: 9, appliedPlatform: 9 },
  ...{ firstSeen: 400_000, lastSeen: 5_000, waits: false },
};

const epoch = fc.integer({ min: 0, max: 4 });
/** Often at the border, where a Node becomes offline. */
const ago = fc.oneof(
  fc.integer({ min: 0, max: 400_000 }),
  fc.integer({ min: -2, max: 2 }).map((ms) => OFFLINE_AFTER_MS + ms + 0.5),
  fc.constantFrom(OFFLINE_AFTER_MS, 5_000),
);
const drawn: fc.Arbitrary<Drawn> = fc.record({
  scope: fc.constantFrom(...SCOPES),
  listens: fc.constantFrom('bus', 'bus', 'sdk', 'go'),
  state: fc.constantFrom('enrolled', 'enrolled', 'enrolled', 'removed'),
  ...{ told: epoch, applied: epoch, toldPlatform: epoch, appliedPlatform: epoch },
  firstSeen: fc.option(ago),
  lastSeen: fc.option(ago),
  ...{ waits: fc.boolean(), hadStream: fc.boolean() },
});

describe('what is counted in SQL', () => {
  let seeded: SeededRings;
  beforeAll(async () => {
    seeded = await seededRings(await testDatabase({ name: 'store', prepare: migrateStore }));
  }, 60_000);
  afterAll(() => seeded.drop());

  /** Names in an order of their own, so that none comes as it was written. */
  const nameOf = (i: number): string => `n${(i * 7_919) % 10_000}`.padEnd(6, '0') + `-${i}`;

  const write = async (nodes: readonly Drawn[]): Promise<void> => {
    const rows = nodes.map((node, i) => ({
      ...node,
      name: nameOf(i),
      id: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
    }));
    const all = JSON.stringify(rows).replaceAll("'", '');
    await seeded.asOwner(`
      TRUNCATE ring.node, outbox.node_stream, outbox.message CASCADE;
      INSERT INTO ring.node (id, scope, name, bus_public_key, state, removed_at)
        SELECT id, scope, name, name, state, CASE WHEN state = 'removed' THEN now() END
          FROM jsonb_to_recordset('${all}') AS n (id uuid, scope text, name text, state text);
      INSERT INTO outbox.node_stream (node_id, scope, listens, told_epoch, settled_epoch, told_platform_epoch,
                                      settled_platform_epoch, first_seen_at, last_seen_at, waits_since, stream_seen_at, state)
        SELECT id, scope, listens, told, applied, "toldPlatform", "appliedPlatform",
               '${NOW}'::timestamptz - "firstSeen" * interval '1 ms', '${NOW}'::timestamptz - "lastSeen" * interval '1 ms',
               CASE WHEN waits THEN '${NOW}'::timestamptz - told * interval '1 min' END, CASE WHEN "hadStream" THEN now() END,
               CASE state WHEN 'enrolled' THEN 'open' ELSE 'ended' END
          FROM jsonb_to_recordset('${all}') AS n (id uuid, scope text, state text, listens text, told int, applied int,
            "toldPlatform" int, "appliedPlatform" int, "firstSeen" float8, "lastSeen" float8, waits boolean, "hadStream" boolean)`);
  };

  const NOW = '2026-05-01T12:00:00Z';
  const now = new Date(NOW);
  /** As PostgreSQL's driver reads it: whole milliseconds, and the rest is gone. */
  const read = (ms: number | null): Date | null => (ms === null ? null : new Date(Math.floor(now.getTime() - ms)));
  const enrolled = (nodes: readonly Drawn[], scope: string): (Drawn & NodeFacts)[] =>
    nodes
      .map((node, i) => ({
        ...{ ...node, name: nameOf(i), toldEpoch: node.told, appliedEpoch: node.applied },
        ...{ firstSeenAt: read(node.firstSeen), lastSeenAt: read(node.lastSeen) },
      }))
      .filter((node) => node.scope === scope && node.state === 'enrolled')
      .sort((one, other) => (one.name < other.name ? -1 : 1));

  const cut = (progress: Progress, names: number): Progress => ({
    ...progress,
    lagging: { ...progress.lagging, first: progress.lagging.first.slice(0, names) },
    pending: { ...progress.pending, first: progress.pending.first.slice(0, names) },
    offline: { ...progress.offline, first: progress.offline.first.slice(0, names) },
    quietest: names === 0 ? null : progress.quietest,
  });

  it.each([
    ['a few, who are looked at one by one', 8, 3],
    ['more than are looked at one by one', 1_500, 50],
    ['many of whom few are named', 1_200, 2],
    ['many of whom none is named', 1_200, 0],
  ])(
    'is what the rule says: of %s',
    async (_, most, names) => {
      const mesh = fc.tuple(
        fc.array(drawn, { minLength: Math.floor(most * 0.8), maxLength: most, size: 'max' }),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(null, [OPEN_SCOPE], [] as string[]),
        fc.boolean(),
      );
      let named = 0;
      for (const [nodes, trustEpoch, seen, isRare] of fc.sample(mesh, {
        numRuns: most > 100 ? 4 : 40,
        seed: most + names,
      })) {
        // Where hardly any lags, is pending or off, the first Nodes name none of them.
        const written = isRare ? nodes.map((node, i) => (i % 97 === 0 ? node : { ...node, ...WELL })) : nodes;
        await write(written);
        const rings = SCOPES.map((scope) => ({ scope, trustEpoch }));
        const found = await readSnapshot(seeded.database, (manager) =>
          countNodes(manager, { rings, domains: { trustEpoch, seen }, now, names }),
        );
        for (const scope of SCOPES) {
          expect(waitingNames(found.waitingIn(scope))).toEqual(waiting(written, scope, names));
          const expected = cut(progressOf(enrolled(written, scope), trustEpoch, now), names);
          expect(found.progressIn(scope)).toEqual(expected);
          named += expected.lagging.first.length;
        }
        expect(found.domains).toEqual(ofDomains(written, trustEpoch, seen, names));
      }
      expect(named > 0).toBe(names > 0);
    },
    60_000,
  );

  const waiting = (nodes: readonly Drawn[], scope: string, names: number) => {
    const those = enrolled(nodes, scope).filter(({ waits, hadStream }) => waits && hadStream);
    const since = Math.max(...those.map(({ told }) => told));
    return those.length === 0
      ? null
      : { count: those.length, first: those.slice(0, names).map(({ name }) => name), minutes: since };
  };
  const waitingNames = (found: ReturnType<NodeCounts['waitingIn']>) =>
    found && { count: found.count, first: found.first, minutes: (now.getTime() - found.since.getTime()) / 60_000 };

  /** The Domains' Nodes, by the platform's epochs, under their whole names; the rule asked twice. */
  function ofDomains(nodes: readonly Drawn[], trustEpoch: number, seen: string[] | null, names: number): Progress {
    const facts = [OPEN_SCOPE, CLOSED_SCOPE].flatMap((scope) =>
      enrolled(nodes, scope)
        .filter(({ listens }) => listens !== 'go')
        .map((node) => ({
          ...{ ...node, name: `${scope}/${node.name}` },
          ...{ toldEpoch: node.toldPlatform, appliedEpoch: node.appliedPlatform },
        })),
    );
    const isSeen = (name: string): boolean => seen?.some((scope) => name.startsWith(`${scope}/`)) ?? true;
    const all = progressOf(facts, trustEpoch, now);
    return cut(
      {
        ...all,
        lagging: { ...all.lagging, first: all.lagging.first.filter(isSeen) },
        pending: { ...all.pending, first: all.pending.first.filter(isSeen) },
        offline: { ...all.offline, first: all.offline.first.filter(({ name }) => isSeen(name)) },
        quietest: all.quietest && isSeen(all.quietest.name) ? all.quietest : null,
      },
      names,
    );
  }
});
