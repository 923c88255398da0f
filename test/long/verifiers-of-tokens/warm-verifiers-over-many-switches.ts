import { plainJose } from '@plexsphere/jwks-clients';
import { eventually, seededRandom } from '@plexsphere/testkit';
import { GatewayTokens } from '../../src/gateway-tokens';
import { IssuerLife } from '../../src/issuer-life';
import type { Step } from '../../src/tell-story';
import { VerifierCrowd } from '../../src/verifier-crowd';

/** A hundred over twenty in test/long. */
const SWITCHES = Number(process.env['TEST_SWITCHES'] ?? 4);
const VERIFIERS = Number(process.env['TEST_VERIFIERS'] ?? 24);
/** As `jose` is made to: it keeps a set for three seconds, and asks for a key that it does not know after one. */
const GUARD_TIMES = { pollEveryMs: 3_000, refetchAfterMs: 1_000 };

const LOAD = { everyMs: 500, atOnce: 2 };
const SHOWN_TO = 5;
/** Longer than a rotation takes, and over before the next key has propagated. */
const TOKEN_LIFE_S = 4;

/** Their caches are warm all the while: each has just been shown a token by the key that signed before. */
export const step: Step = async (world) => {
  const random = seededRandom();
  const life = await IssuerLife.begin(world, 'crowd', { ttl_seconds: TOKEN_LIFE_S });
  const crowd = new VerifierCrowd(life);
  crowd.addClients(plainJose, VERIFIERS / 4);
  crowd.addUnhurried(VERIFIERS / 4);
  crowd.addGuards(GUARD_TIMES, VERIFIERS / 2);
  const anyBase = () => random.pick(life.bases);
  const some = () => Array.from({ length: SHOWN_TO }, () => random.integer(0, crowd.size - 1));
  const tokens = GatewayTokens.start(life, LOAD, (token) => crowd.show(token, some()));

  const byOldSince: object[] = [];
  for (let n = 0; n < SWITCHES; n += 1) {
    const { active_key_id: old } = await life.shown();
    await crowd.showUntilTaken(old, () => life.token(anyBase()));
    await life.propagated();
    const [rotated, lastOnes] = await Promise.all([
      life.rotate(),
      Promise.all(life.bases.map((base) => life.token(base))),
    ]);
    const returnedAt = performance.now();
    expect(rotated.old_key_id).toBe(old);
    // What the old key has just signed, and what the new one signs first.
    await Promise.all([
      ...lastOnes.map((token) => crowd.show(token)),
      crowd.showUntilTaken(rotated.new_key_id, () => life.token(anyBase())),
    ]);
    await eventually(() => tokens.gaveSince(returnedAt), { describe: 'tokens of both gateways since' });
    byOldSince.push(...tokens.given.filter(({ keyId, askedAt }) => keyId === old && askedAt >= returnedAt));
    const lastEnds = Math.max(
      ...[...tokens.given, ...lastOnes].map(({ keyId, endsAt }) => (keyId === old ? endsAt : 0)),
    );
    await eventually(() => Date.now() > lastEnds, { describe: 'the end of the last token by the old key' });
    // None of them is about: what the close would wait for besides are clocks, and there is one here.
    await life.close(rotated, true);
  }
  await tokens.stop();

  const { refusals, timeOuts, late } = crowd;
  const seen = { given: tokens.given.length, unanswered: tokens.unanswered, timeOuts, late };
  console.info(`verifiers over ${SWITCHES} switches: ${JSON.stringify(seen)}`);
  expect(refusals).toEqual([]);
  expect(byOldSince).toEqual([]);
  expect(new Set(tokens.given.map(({ keyId }) => keyId)).size).toBe(SWITCHES + 1);
  expect(crowd.size).toBe(VERIFIERS);
};
