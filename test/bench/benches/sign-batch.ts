import { subjects } from '@plexsphere/wire';
import type { SignBatchReply } from '@plexsphere/wire/commands';
import type { Bench } from '../src/bench';
import { BusLoad, busAs } from '../src/bus-load';
import { total } from '../src/cpu';
import { ENVELOPES_A_BATCH, EVENT_TYPE, PAYLOAD, signBatch } from '../src/envelopes';
import { compared } from '../src/row';

/** One is signed while the next is on its way. */
const IN_FLIGHT = 3;

/** Requests of a quarter of a megabyte, by one signer. */
export const bench: Bench = {
  name: 'sign-batch',
  takesSeconds: 25,
  takesQuickly: 8,
  sharesStack: true,
  async run(benches) {
    const world = await benches.commonStack();
    await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
    const scope = world.domain;
    const bus = await busAs(world, 'outbox-relay');
    const load = new BusLoad(bus, 'outbox-relay');
    const subject = subjects.scopeSigner(scope, 'sign-batch');
    const body = (): Buffer => Buffer.from(JSON.stringify(signBatch(scope)));
    const first = (await bus.request(subject, body(), { timeout: 5_000 })).json<SignBatchReply>();
    const bytesEach = first.envelopes.reduce((sum, { length }) => sum + length, 0) / ENVELOPES_A_BATCH;
    const ms = benches.quick ? 1_000 : 2_000;
    const signer = world.stack.services('signer')[0]?.pid;
    const ours = async () => {
      const cpu = benches.cpuOf({ signer, 'nats-server': world.stack.nats.pid, client: process.pid });
      const { perSecond } = await load.run({ subject, body, inFlight: IN_FLIGHT, ms });
      return { perSecond: ENVELOPES_A_BATCH * perSecond, cpu: cpu.seconds() };
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
    const rounds = await benches.rounds({ ours, peer }, { full: 5 });
    const cpu = total([...rounds.ours, ...rounds.peer].map((round) => round.cpu));
    const rates = (each: { perSecond: number }[]): number[] => each.map(({ perSecond }) => perSecond);
    const against_what = `one thread that builds the same texts and signs by node:crypto: nothing is sent, parsed or answered. Ours: ${ENVELOPES_A_BATCH} envelopes a request, ${IN_FLIGHT} in flight`;
    const told = { name: 'sign-batch', unit: 'per s', better: 'higher', reach: 0.9, against_what, cpu } as const;
    return [compared(told, rates(rounds.ours), rates(rounds.peer))];
  },
};
