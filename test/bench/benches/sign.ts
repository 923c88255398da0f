import { randomUUID } from 'node:crypto';
import { domainScope, inboxPrefix, subjects, type Scope } from '@plexsphere/wire';
import type { EnvelopeReply } from '@plexsphere/wire/commands';
import type { World } from '../../src/world';
import type { Bench } from '../src/bench';
import type { BenchWorld } from '../src/bench-world';
import { BusLoad, busAs, credentialOf, type Answered } from '../src/bus-load';
import { total } from '../src/cpu';
import { requireSameText, signBodies, signEnvelope } from '../src/envelopes';
import { compared, quantile, type Row } from '../src/row';

const IN_FLIGHT = 128;
/** Short, and many of them: what else the machine does comes and goes within seconds, and only neighbours are compared. */
const ROUND_MS = 800;
const PEER =
  'a bare nats responder on the same server: parses, builds the same text, signs with node:crypto; no lease, no checks';

/** One request of the relay's after the other, by one signer and by a bare responder. */
export const bench: Bench = {
  name: 'sign',
  takesSeconds: 38,
  takesQuickly: 14,
  sharesStack: true,
  async run(benches) {
    const world = await benches.commonStack();
    await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
    const others = domainScope(randomUUID());
    const bare = await bareSigner(benches, world, others);
    const bus = await busAs(world, 'outbox-relay');
    const load = new BusLoad(bus, 'outbox-relay');
    await sameText(bus, world.domain, others);
    const pids = (signer: number | undefined): Record<string, number | undefined> => ({
      ...{ signer, 'nats-server': world.stack.nats.pid, client: process.pid },
    });
    const many = async (scope: Scope, pid: number | undefined): Promise<Answered & { cpu: Record<string, number> }> => {
      const cpu = benches.cpuOf(pids(pid));
      const answered = await load.run(loadOf(scope, IN_FLIGHT, ROUND_MS));
      return { ...answered, cpu: cpu.seconds() };
    };
    const one = (scope: Scope): Promise<Answered> => load.run(loadOf(scope, 1, benches.quick ? 500 : 1_000));
    const signer = world.stack.services('signer')[0]?.pid;
    for (let warm = 0; warm < 2; warm++) {
      await many(world.domain, signer);
      await many(others, bare.pid);
    }
    const rates = await benches.rounds(
      { ours: () => many(world.domain, signer), peer: () => many(others, bare.pid) },
      { full: 13, quick: 3 },
    );
    const alone = await benches.rounds({ ours: () => one(world.domain), peer: () => one(others) }, { full: 7 });
    return [...rateRows(rates), ...[0.5, 0.99].map((share) => timeRow(alone, share))];
  },
};

const loadOf = (scope: Scope, inFlight: number, ms: number) => ({
  subject: subjects.scopeSigner(scope, 'sign-envelope'),
  body: signBodies(scope, 1),
  inFlight,
  ms,
});

/** By the signers' own credential, for a scope of which they know nothing. */
async function bareSigner(benches: BenchWorld, world: World, scope: Scope) {
  const bare = benches.peer('bare-signer.mjs');
  const [url, creds] = [world.stack.natsUrl, credentialOf(world, 'signer')];
  const subject = subjects.scopeSigner(scope, 'sign-envelope');
  await bare.ask({ url, creds, subject, inboxPrefix: inboxPrefix({ kind: 'signer' }) });
  return bare;
}

async function sameText(bus: Awaited<ReturnType<typeof busAs>>, ours: Scope, others: Scope): Promise<void> {
  const fields = signEnvelope(ours, 1);
  const [one, other] = await Promise.all(
    [ours, others].map(async (scope) => {
      const subject = subjects.scopeSigner(scope, 'sign-envelope');
      const reply = await bus.request(subject, JSON.stringify({ ...fields, scope }), { timeout: 5_000 });
      return reply.json<EnvelopeReply>().envelope;
    }),
  );
  requireSameText(one ?? '', other ?? '');
}

type Measured = Answered & { cpu: Record<string, number> };

function rateRows({ ours, peer }: Record<'ours' | 'peer', Measured[]>): Row[] {
  const perSecond = (each: Measured[]): number[] => each.map((round) => round.perSecond);
  const cpuEach = (each: Measured[]): number[] =>
    each.map(({ cpu, count }) => (1_000_000 * (cpu['signer'] ?? NaN)) / count);
  const cpu = total(ours.map((round) => round.cpu));
  const theirs = Object.entries(total(peer.map((round) => round.cpu)));
  const both = { ...cpu, ...Object.fromEntries(theirs.map(([name, seconds]) => [`${name} (peer)`, seconds])) };
  return [
    compared(
      {
        name: 'sign',
        unit: 'per s',
        better: 'higher',
        reach: 0.9,
        against_what: `${PEER}; ${IN_FLIGHT} in flight`,
        cpu: both,
      },
      perSecond(ours),
      perSecond(peer),
    ),
    compared(
      {
        name: 'sign cpu',
        unit: 'µs of CPU each',
        better: 'lower',
        reach: 1.2,
        against_what: 'the same: the process that signs, alone',
      },
      cpuEach(ours),
      cpuEach(peer),
    ),
  ];
}

function timeRow({ ours, peer }: Record<'ours' | 'peer', Answered[]>, share: number): Row {
  const times = (each: Answered[]): number[] => each.map(({ tookMs }) => quantile(tookMs, share));
  const name = `sign p${100 * share}`;
  const told = { name, unit: 'ms', better: 'lower', reach: null, against_what: 'the same, 1 in flight' } as const;
  return compared(told, times(ours), times(peer));
}
