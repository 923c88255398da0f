import { setTimeout as delay } from 'node:timers/promises';
import { envelopeBy, eventually, forgedStatement, testKey, type StrictNode, type TestKey } from '@plexsphere/testkit';
import { publicText, type Scope } from '@plexsphere/wire';
import { HttpNodes } from '../../src/http-nodes';
import type { Step } from '../../src/tell-story';
import { Thief } from '../../src/thief';
import type { World } from '../../src/world';

const MALLORY = testKey('mallory');
const AGAIN_AFTER_MS = 400;
const HIS = 'thief_was_here';
const FAR_AHEAD = Number.MAX_SAFE_INTEGER - 1;

/** What he shows, and what he says of it to a gateway that has a stream at this epoch and position. */
interface Shown {
  text: string;
  said: (epoch: number, position: number) => Parameters<Thief['show']>[2];
}
type Forged = (thief: Thief, scope: Scope, by: TestKey) => Promise<Shown>;

const news = async (thief: Thief, scope: Scope, by: TestKey): Promise<string> => {
  const statement = await thief.rotation(scope, MALLORY);
  return thief.announcement(scope, by, statement, forgedStatement(statement, by, MALLORY));
};

const FORGED: Forged[] = [
  async (thief, scope, by) => ({
    text: await news(thief, scope, by),
    // Of the epoch that the Node holds, or of less, no gateway passes it on.
    said: (epoch) => ({ eventType: 'signing_key_rotated', from: epoch, trustEpoch: epoch + 1 }),
  }),
  async (thief, scope, by) => ({
    text: await news(thief, scope, by),
    said: (epoch) => ({ eventType: 'signing_key_rotated', from: epoch, trustEpoch: FAR_AHEAD }),
  }),
  async (thief, scope, by) => ({
    text: await thief.chain({ own: [forgedStatement(await thief.rotation(scope, MALLORY), by, MALLORY)] }),
    said: (epoch, position) => ({ eventType: 'trust_chain', trustEpoch: epoch, position: position + 1 }),
  }),
  async (_, scope, by) => ({
    text: envelopeBy(by, scope, new Date(), { eventType: HIS }),
    said: (epoch, position) => ({ eventType: HIS, trustEpoch: epoch, position: position + 1 }),
  }),
  async (_, scope, by) => ({
    text: envelopeBy(by, scope, new Date(), { eventType: HIS }),
    said: (epoch) => ({ eventType: HIS, trustEpoch: epoch, position: FAR_AHEAD }),
  }),
];

/**
 * He has a relay's credential, and a key of the Domain from before it was retired: of one Node that knows better, and of one
 * that slept and holds that key still. What he shows them they refuse; and once he is gone everything comes to them.
 */
export const step: Step = async (world) => {
  const nodes = await HttpNodes.begin(world);
  const [awake, sleeper] = await nodes.addSome(2);
  await nodes.haveAll(await nodes.publish());
  const thief = await Thief.breakIn(world, nodes.operator);
  const stolen = await thief.steal(world.domain, 'k1');
  sleeper!.stillness.fallAsleep();
  await nodes.rotate();
  await nodes.haveApplied([awake!]);
  await nodes.close({ force: true });
  // SECURITY.md: it drops the former key by its next state.
  await eventually(() => awake!.states.at(-1)?.keys?.previous === undefined, { describe: 'a state without it' });

  const hisIds = new Set<number>();
  /** Again and again: a gateway that has just been shown something else looks at the record first. */
  const showsUntil = (condition: () => Promise<boolean>, { id }: StrictNode, forged: Forged[]): Promise<true> =>
    eventually(
      async () => {
        for (const make of forged) {
          const { text, said } = await make(thief, world.domain, stolen);
          const { epoch, position } = await streamOf(world, id);
          const shown = said(epoch, position);
          if (shown.position !== undefined) hisIds.add(Number(shown.position));
          await thief.show(id, text, { kind: 'event', issuedAt: new Date().toISOString(), ...shown });
        }
        await delay(AGAIN_AFTER_MS);
        return condition();
      },
      { timeoutMs: 100_000, describe: `what he shows, by ${forged.length}` },
    ) as Promise<true>;
  for (const forged of FORGED) {
    const before = awake!.refusals.length;
    await showsUntil(async () => awake!.refusals.length > before, awake!, [forged]);
  }
  sleeper!.stillness.thaw();
  // As long as it waits for a state, and from then on.
  await showsUntil(() => nodes.applied([sleeper!]), sleeper!, FORGED);
  await nodes.haveAll(await nodes.publish());
  await nodes.haveApplied();
  expect([...nodes.everTrusted]).not.toContain(publicText(MALLORY.privateKey));
  // Each is one of his, or comes after an id of his.
  const refused = nodes.refusals;
  const his = new RegExp(`^(signature: (signing_key_rotated|${HIS}) |malformed )`);
  const isHis = (refusal: string): boolean =>
    his.test(refusal) || hisIds.has(Number(/^id \d+ after (\d+)$/.exec(refusal)?.[1]));
  expect(refused.filter((refusal) => !isHis(refusal))).toEqual([]);
  await nodes.expectKept({ refused });
};

async function streamOf(world: World, nodeId: string): Promise<{ epoch: number; position: number }> {
  const [stream] = await world.query<{ epoch: number; position: number }>(
    `SELECT r.trust_epoch::int AS epoch, s.last_position::int AS position
       FROM outbox.node_stream s JOIN ring.key_ring r USING (scope) WHERE s.node_id = $1`,
    [nodeId],
  );
  return stream!;
}
