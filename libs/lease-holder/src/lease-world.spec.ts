// That nothing old is accepted in a world without mistakes is lease-world.fuzz.spec's.
import { LeaseRows, seededRandom, type LeaseClaim } from '@plexsphere/testkit';
import { LeaseWorld, type Mistakes } from '../testing/lease-world';

jest.setTimeout(60_000);

const RUN_MS = 30_000;

/** Worlds until one has accepted too late. */
function firstTooLate(rows: () => LeaseRows, mistakes: Mistakes): string[] {
  const random = seededRandom(4);
  for (let run = 0; run < 400; run++) {
    const world = new LeaseWorld(random, rows(), mistakes);
    world.run(RUN_MS);
    if (world.tooLate.length > 0) return world.tooLate;
  }
  return [];
}

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
    expect(firstTooLate(rows, mistakes)).not.toEqual([]);
  });
});
