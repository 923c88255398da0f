import { setTimeout as delay } from 'node:timers/promises';
import { subjects } from '@plexsphere/wire';
import type { Msg } from 'nats';
import type { World } from '../../src/world';
import type { OperatorConnection } from '../../src/operator-connection';
import type { Bench } from '../src/bench';
import { BusLoad, busAs, tookBetween } from '../src/bus-load';
import { signEnvelope } from '../src/envelopes';
import { compared, limited, median, quantile } from '../src/row';

const IN_FLIGHT = 128;
/** Under load for so long before the switch, so that what is compared with it is warm. */
const BEFORE_MS = 2_000;
const AFTER_MS = 1_500;

interface Switched {
  p99: number;
  p99Before: number;
  errors: string[];
  retries: number;
  rotateMs: number;
}

/** Signatures under full load in the second around a rotate: who asks names the epoch, and asks again where that has moved. */
export const bench: Bench = {
  name: 'switch',
  takesSeconds: 30,
  takesQuickly: 14,
  async run(benches) {
    const world = await benches.stack({ rotations: 1, signers: 2, relays: 1, gateways: 0 });
    await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
    await world.allSignersServe(world.domain);
    const operator = await world.operator();
    const load = new BusLoad(await busAs(world, 'outbox-relay'), 'outbox-relay');
    let number = 1;
    const { rounds } = await benches.rounds(
      { rounds: () => switchUnderLoad(world, operator, load, (number += 1)) },
      { full: 5, quick: 2 },
    );
    const beside = {
      'rotate ms': median(rounds.map(({ rotateMs }) => rotateMs)),
      'asked again': median(rounds.map(({ retries }) => retries)),
    };
    const errors = rounds.flatMap((round) => round.errors);
    for (const error of new Set(errors)) benches.note(`an error: ${error}`);
    const against_what = `the second before; two signers, ${IN_FLIGHT} in flight, an ABORTED that names the new epoch asked again at once`;
    return [
      compared(
        { name: 'switch p99', unit: 'ms', better: 'lower', reach: 3, against_what, beside },
        rounds.map(({ p99 }) => p99),
        rounds.map(({ p99Before }) => p99Before),
      ),
      limited({ name: 'switch errors', unit: 'in all', better: 'lower', reach: 0, against_what: '' }, [errors.length]),
    ];
  },
};

async function switchUnderLoad(
  world: World,
  operator: OperatorConnection,
  load: BusLoad,
  number: number,
): Promise<Switched> {
  const scope = world.domain;
  let epoch = await epochOf(world);
  const body = (): Buffer => Buffer.from(JSON.stringify(signEnvelope(scope, epoch)));
  /** Both come: a signer that is ahead of the caller, and one that is behind it for a moment. */
  const again = (refusal: Msg): Buffer | undefined => {
    const { code, epoch: named } = refusal.data.length === 0 ? {} : refusal.json<{ code?: string; epoch?: number }>();
    if (code !== 'ABORTED' || typeof named !== 'number') return undefined;
    epoch = Math.max(epoch, named);
    return body();
  };
  const subject = subjects.scopeSigner(scope, 'sign-envelope');
  // The close is no part of what is measured, but a ring that waits for it takes no other rotate.
  const loaded = load.run({ subject, body, inFlight: IN_FLIGHT, ms: BEFORE_MS + AFTER_MS, again });
  await delay(BEFORE_MS);
  const askedAt = performance.now();
  const names = { old_key_id: `k${number - 1}`, new_key_id: `k${number}` };
  await operator.change('signing.rotate', { scope, new_key_id: names.new_key_id });
  const rotateMs = performance.now() - askedAt;
  const answered = await loaded;
  await operator.change('signing.close', { scope, ...names, force: true });
  const { errors, retries } = answered;
  const around = tookBetween(answered, askedAt, askedAt + Math.max(1_000, rotateMs));
  const before = tookBetween(answered, askedAt - 1_000, askedAt);
  return { p99: quantile(around, 0.99), p99Before: quantile(before, 0.99), errors, retries, rotateMs };
}

async function epochOf(world: World): Promise<number> {
  const [row] = await world.query<{ epoch: number }>('SELECT epoch::int FROM ring.key_ring WHERE scope = $1', [
    world.domain,
  ]);
  return row?.epoch ?? NaN;
}
