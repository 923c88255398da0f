import { randomUUID } from 'node:crypto';
import { SIGNING_DURATION_MS, subjects, type Scope } from '@plexsphere/wire';
import type { SignBatch, SignBatchReply } from '@plexsphere/wire/commands';
import type { Bench } from '../src/bench';
import { BusLoad, busAs } from '../src/bus-load';
import { total } from '../src/cpu';
import { PAYLOAD } from '../src/envelopes';
import { compared } from '../src/row';

/** So many of these fill the 256 KiB that a request may have. */
const ENVELOPES = 950;
/** One is signed while the next is on its way. */
const IN_FLIGHT = 3;
const EVENT_TYPE = 'route_updated';

/** Requests of a quarter of a megabyte, by one signer. */
export const bench: Bench = {
  name: 'sign-batch',
  takesSeconds: 40,
  takesQuickly: 8,
  async run(benches) {
    const world = await benches.commonStack();
    await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
    const scope = world.domain;
    const bus = await busAs(world, 'outbox-relay');
    const load = new BusLoad(bus, 'outbox-relay');
    const subject = subjects.scopeSigner(scope, 'sign-batch');
    const body = (): Buffer => Buffer.from(JSON.stringify(batchOf(scope)));
    const first = (await bus.request(subject, body(), { timeout: 5_000 })).json<SignBatchReply>();
    const bytesEach = first.envelopes.reduce((sum, { length }) => sum + length, 0) / ENVELOPES;
    const ms = benches.quick ? 1_000 : 2_000;
    const signer = world.stack.services('signer')[0]?.pid;
    const ours = async () => {
      const cpu = benches.cpuOf({ signer, 'nats-server': world.stack.nats.pid, client: process.pid });
      const { perSecond } = await load.run({ subject, body, inFlight: IN_FLIGHT, ms });
      return { perSecond: ENVELOPES * perSecond, cpu: cpu.seconds() };
    };
    const thread = benches.peer('bare-thread.mjs');
    const peer = async () => {
      const cpu = benches.cpuOf({ 'thread (peer)': thread.pid });
      const asked = { ms, scope, event_type: EVENT_TYPE, payload: PAYLOAD };
      const { perSecond, ...told } = await thread.ask<{ perSecond: number; bytesEach: number }>(asked);
      if (Math.abs(told.bytesEach - bytesEach) > 8) throw new Error(`${told.bytesEach} bytes are not ${bytesEach}`);
      return { perSecond, cpu: cpu.seconds() };
    };
    await ours();
    await peer();
    const rounds = await benches.rounds({ ours, peer }, { full: 7 });
    const cpu = total([...rounds.ours, ...rounds.peer].map((round) => round.cpu));
    const rates = (each: { perSecond: number }[]): number[] => each.map(({ perSecond }) => perSecond);
    const against_what = `one thread that builds the same texts and signs by node:crypto: nothing is sent, parsed or answered. Ours: ${ENVELOPES} envelopes a request, ${IN_FLIGHT} in flight`;
    const told = { name: 'sign-batch', unit: 'per s', better: 'higher', reach: 0.9, against_what, cpu } as const;
    return [compared(told, rates(rounds.ours), rates(rounds.peer))];
  },
};

const batchOf = (scope: Scope): SignBatch => ({
  ...{ scope, epoch: 1, issued_at: new Date().toISOString(), duration_ms: SIGNING_DURATION_MS },
  envelopes: Array.from({ length: ENVELOPES }, () => ({
    ...{ event_type: EVENT_TYPE, event_id: randomUUID(), nonce: randomUUID(), payload: PAYLOAD },
  })),
});
