import { eventually } from '@plexsphere/testkit';
import { subjects, type Scope } from '@plexsphere/wire';
import type { World } from '../../src/world';
import type { Bench } from '../src/bench';
import { BusLoad, busAs } from '../src/bus-load';
import { signBodies } from '../src/envelopes';
import { compared, median } from '../src/row';

const MOST = 4;
const IN_FLIGHT = 128;
const WARM_MS = 1_500;

interface Signed {
  perSecond: number;
  /** Microseconds of CPU for each signature: of all signers; of who asks and of the bus. */
  signers: number;
  rest: number;
}

const sum = (seconds: Readonly<Record<string, number>>): number =>
  Object.values(seconds).reduce((total, each) => total + each, 0);

/** Signatures a second by several signers. How many there are to gain is the machine's to say: the client is one of its processes. */
export const bench: Bench = {
  name: 'scale',
  takesSeconds: 75,
  async run(benches) {
    const world = await benches.stack({ rotations: 1, signers: MOST, relays: 1, gateways: 0 });
    await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
    await world.allSignersServe(world.domain);
    const load = new BusLoad(await busAs(world, 'outbox-relay'), 'outbox-relay');
    const by = (signers: number) => async (): Promise<Signed> => {
      await serving(world, signers);
      // Those that have just begun share it, and each has its code still to be made.
      for (let each = 0; each < signers; each++) await load.run(loadOf(world.domain, WARM_MS));
      const pids = world.stack.services('signer').map(({ pid }, index) => [`signer-${index}`, pid]);
      const others = { client: process.pid, 'nats-server': world.stack.nats.pid };
      const [ours, rest] = [benches.cpuOf(Object.fromEntries(pids.slice(0, signers))), benches.cpuOf(others)];
      const { perSecond, count } = await load.run(loadOf(world.domain, 2_500));
      const micros = (seconds: number): number => (1_000_000 * seconds) / count;
      return { perSecond, signers: micros(sum(ours.seconds())), rest: micros(sum(rest.seconds())) };
    };
    const rounds = await benches.rounds({ one: by(1), two: by(2), four: by(MOST) }, { full: 3 });
    const rate = ({ perSecond }: Signed): number => perSecond;
    const rates = { one: rounds.one.map(rate), two: rounds.two.map(rate), four: rounds.four.map(rate) };
    const beside = Object.fromEntries(
      Object.entries(rounds).flatMap(([name, each]) => [
        [`µs of CPU a signature by ${name}`, median(each.map(({ signers }) => signers))],
        [`and by client and bus with ${name}`, median(each.map(({ rest }) => rest))],
      ]),
    );
    const told = { unit: 'per s', better: 'higher', beside } as const;
    const peer = `${IN_FLIGHT} in flight, of one client on the same machine`;
    return [
      compared({ ...told, name: 'scale 2', reach: 1.5, against_what: `one signer, ${peer}` }, rates.two, rates.one),
      compared({ ...told, name: 'scale 4', reach: 0.95, against_what: `two signers, ${peer}` }, rates.four, rates.two),
    ];
  },
};

const loadOf = (scope: Scope, ms: number) => ({
  subject: subjects.scopeSigner(scope, 'sign-envelope'),
  body: signBodies(scope, 1),
  inFlight: IN_FLIGHT,
  ms,
});

/** A lease that was given back stays on record for a while. */
const SERVING = `SELECT FROM ring.lease WHERE kind = 'signer' AND NOT released AND epochs ? $1`;

/** Stops those beyond so many, in order, and starts those that lack. */
async function serving(world: World, count: number): Promise<void> {
  const signers = world.stack.services('signer');
  await Promise.all(signers.slice(count).map((signer) => signer.stop()));
  await Promise.all(signers.slice(0, count).flatMap((signer) => (signer.running ? [] : [signer.start()])));
  const holders = () => world.query(SERVING, [world.domain]);
  await eventually(async () => (await holders()).length === count, { describe: `${count} signers serving` });
}
