import { LeaseRows, seededRandom, type LeaseClaim } from '@plexsphere/testkit';
import { LeaseWorld, type Mistakes } from '../../testing/lease-world';

const RUN_MS = 30_000;

/** Runs of a world each, until one has accepted too late; undefined where none has. */
function worlds(seed: number | undefined, runs: number, rows: () => LeaseRows, mistakes?: Mistakes) {
  const random = seededRandom(seed);
  const count = { accepted: 0, switches: 0 };
  for (let run = 1; run <= runs; run++) {
    const world = new LeaseWorld(random, rows(), mistakes);
    world.run(RUN_MS);
    count.accepted += world.accepted;
    count.switches += world.switches;
    if (world.tooLate.length > 0) return { ...count, run, tooLate: world.tooLate };
  }
  return { ...count, run: runs, tooLate: [] };
}

test('P2, S8: whatever is held up, reordered, repeated, stolen, paused or jumps: nothing old is accepted after a switch', () => {
  const { tooLate, accepted, switches } = worlds(undefined, 60, () => new LeaseRows());
  expect(tooLate).toEqual([]);
  // A world in which nobody ever signs would keep every promise.
  expect(accepted).toBeGreaterThan(60 * 50);
  expect(switches).toBeGreaterThan(60 * 3);
});

/** Whoever knows the name may renew and release, as before there were secrets. */
class AnybodysRows extends LeaseRows {
  override enter(claim: LeaseClaim) {
    const present = this.rows.get(claim.holder);
    return super.enter(present === undefined ? claim : { ...claim, secret: present.secret });
  }
}

/** The last to come counts. */
class TurnlessRows extends LeaseRows {
  override enter(claim: LeaseClaim) {
    const present = this.rows.get(claim.holder);
    if (present?.secret === claim.secret) present.turn = -1;
    return super.enter(claim);
  }
}

describe('this world notices', () => {
  test.each<[string, () => LeaseRows, Mistakes]>([
    ['S8: rows that anybody with a credential may release or renew', () => new AnybodysRows(), {}],
    ['rows in which a late renewal takes the place of a later one', () => new TurnlessRows(), {}],
    ['rings that are read before the row is committed', () => new LeaseRows(), { readFirst: true }],
    ['a switch that returns at the last confirmation', () => new LeaseRows(), { noD: true }],
    ['a lease that counts from its answer', () => new LeaseRows(), { fromAnswer: true }],
  ])('%s', (_, rows, mistakes) => {
    expect(worlds(7, 400, rows, mistakes).tooLate).not.toEqual([]);
  });
});
