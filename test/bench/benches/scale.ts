import { eventually } from '@plexsphere/testkit';
import { subjects, type Scope } from '@plexsphere/wire';
import type { Msg } from 'nats';
import type { World } from '../../src/world';
import type { Bench } from '../src/bench';
import type { BenchWorld } from '../src/bench-world';
import { BusLoad, busAs, type Load } from '../src/bus-load';
import { batchBodies, ENVELOPES_A_BATCH, signBodies } from '../src/envelopes';
import { compared, median, type Row } from '../src/row';

const MOST = 4;
/** Of one signature each. */
const IN_FLIGHT = 128;
/** Of batches: some for each signer, and together less work than one signer does in the time that a request may wait. */
const BATCHES_IN_FLIGHT = 8;

interface Signed {
  perSecond: number;
  /** Microseconds of CPU for each signature: of all signers; of who asks and of the bus. */
  signers: number;
  rest: number;
}

interface Both {
  single: Signed;
  batched: Signed;
}

/**
 * Signatures a second by several signers. How many there are to gain is the machine's to say: the client is one of its
 * processes, and the bus another. Of a batch they have the least to do, and the signers nearly all.
 */
export const bench: Bench = {
  name: 'scale',
  takesSeconds: 72,
  async run(benches) {
    const world = await benches.stack({ rotations: 1, signers: MOST, relays: 1, gateways: 0 });
    await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
    await world.allSignersServe(world.domain);
    const load = new BusLoad(await busAs(world, 'outbox-relay'), 'outbox-relay');
    const signed = (signers: number, of: Load, each = 1) => measured(benches, world, signers, load, of, each);
    const warm = new Set<number | undefined>();
    const by = (signers: number) => async (): Promise<Both> => {
      await serving(world, signers);
      const pids = signerPids(world, signers);
      // Those that have just begun share it, and each has its code still to be made.
      const warmUps = pids.every((pid) => warm.has(pid)) ? 1 : 3 * signers;
      await load.run(singles(world.domain, warmUps * 500));
      await load.run(batches(world.domain, 500));
      for (const pid of pids) warm.add(pid);
      return {
        single: await signed(signers, singles(world.domain, 2_000)),
        batched: await signed(signers, batches(world.domain, 2_000), ENVELOPES_A_BATCH),
      };
    };
    const rounds = await benches.rounds({ one: by(1), two: by(2), four: by(MOST) }, { full: 3 });
    const only = (kind: keyof Both) => ({
      one: rounds.one.map((each) => each[kind]),
      two: rounds.two.map((each) => each[kind]),
      four: rounds.four.map((each) => each[kind]),
    });
    return [
      ...rowsOf('scale', `${IN_FLIGHT} in flight, of one client on the same machine`, only('single')),
      ...rowsOf(
        'scale by batches',
        `requests of ${ENVELOPES_A_BATCH} envelopes, ${BATCHES_IN_FLIGHT} in flight, of one client on the same machine`,
        only('batched'),
      ),
    ];
  },
};

async function measured(
  benches: BenchWorld,
  world: World,
  signers: number,
  load: BusLoad,
  of: Load,
  signatures: number,
): Promise<Signed> {
  const pids = signerPids(world, signers).map((pid, index) => [`signer-${index}`, pid]);
  const others = { client: process.pid, 'nats-server': world.stack.nats.pid };
  const [ours, rest] = [benches.cpuOf(Object.fromEntries(pids)), benches.cpuOf(others)];
  const { perSecond, count, errors } = await load.run(of);
  if (errors.length > 0) throw new Error(`refused: ${errors[0]}`);
  const micros = (seconds: Readonly<Record<string, number>>): number =>
    (1_000_000 * Object.values(seconds).reduce((total, each) => total + each, 0)) / (count * signatures);
  return { perSecond: perSecond * signatures, signers: micros(ours.seconds()), rest: micros(rest.seconds()) };
}

function rowsOf(name: string, peer: string, rounds: Record<'one' | 'two' | 'four', Signed[]>): Row[] {
  const rate = (signed: Signed[]): number[] => signed.map(({ perSecond }) => perSecond);
  const beside = Object.fromEntries(
    Object.entries(rounds).flatMap(([count, each]) => [
      [`µs of CPU a signature by ${count}`, median(each.map(({ signers }) => signers))],
      [`and by client and bus with ${count}`, median(each.map(({ rest }) => rest))],
    ]),
  );
  const told = { unit: 'per s', better: 'higher', beside } as const;
  const [one, two, four] = [rate(rounds.one), rate(rounds.two), rate(rounds.four)];
  return [
    compared({ ...told, name: `${name} 2`, reach: 1.5, against_what: `one signer, ${peer}` }, two, one),
    compared({ ...told, name: `${name} 4`, reach: 0.95, against_what: `two signers, ${peer}` }, four, two),
  ];
}

const singles = (scope: Scope, ms: number): Load => ({
  subject: subjects.scopeSigner(scope, 'sign-envelope'),
  body: signBodies(scope, 1),
  inFlight: IN_FLIGHT,
  ms,
});

function batches(scope: Scope, ms: number): Load {
  const body = batchBodies(scope);
  // Where others use the machine too: it is not begun then, and costs next to nothing.
  const waitedTooLong = (refusal: Msg): boolean => refusal.json<{ code?: string }>().code === 'DEADLINE_EXCEEDED';
  return {
    subject: subjects.scopeSigner(scope, 'sign-batch'),
    ...{ body, inFlight: BATCHES_IN_FLIGHT, ms },
    again: (refusal) => (waitedTooLong(refusal) ? body() : undefined),
  };
}

const signerPids = ({ stack }: World, count: number): (number | undefined)[] =>
  stack
    .services('signer')
    .slice(0, count)
    .map(({ pid }) => pid);

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
