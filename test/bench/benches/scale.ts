import { eventually } from '@plexsphere/testkit';
import { subjects, type Scope } from '@plexsphere/wire';
import type { World } from '../../src/world';
import type { Bench } from '../src/bench';
import { BusLoad, busAs } from '../src/bus-load';
import { signEnvelope } from '../src/envelopes';
import { compared } from '../src/row';

const MOST = 4;
const IN_FLIGHT = 128;

/** Signatures a second by several signers. How many there are to gain is the machine's to say: the client is one of its processes. */
export const bench: Bench = {
  name: 'scale',
  takesSeconds: 60,
  async run(benches) {
    const world = await benches.stack({ rotations: 1, signers: MOST, relays: 1, gateways: 0 });
    await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
    await world.allSignersServe(world.domain);
    const load = new BusLoad(await busAs(world, 'outbox-relay'), 'outbox-relay');
    const rateBy = (signers: number) => async (): Promise<number> => {
      await serving(world, signers);
      await load.run(loadOf(world.domain, 500));
      return (await load.run(loadOf(world.domain, 2_500))).perSecond;
    };
    const rates = await benches.rounds({ one: rateBy(1), two: rateBy(2), four: rateBy(MOST) }, { full: 3 });
    const told = { unit: 'per s', better: 'higher' } as const;
    const peer = `${IN_FLIGHT} in flight, of one client on the same machine`;
    return [
      compared({ ...told, name: 'scale 2', reach: 1.5, against_what: `one signer, ${peer}` }, rates.two, rates.one),
      compared({ ...told, name: 'scale 4', reach: 0.95, against_what: `two signers, ${peer}` }, rates.four, rates.two),
    ];
  },
};

const loadOf = (scope: Scope, ms: number) => ({
  subject: subjects.scopeSigner(scope, 'sign-envelope'),
  body: () => Buffer.from(JSON.stringify(signEnvelope(scope, 1))),
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
