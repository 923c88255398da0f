/** The vectors of docs/chain.md, which another implementation reads too: the same verdict, and the same trust after it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { anchorOfBundle, type ChainAnchor, type TrustBundle } from '@plexsphere/wire/jws';
import { takeChain, type ChainOutcome } from './chain';
import { trustAtEnrolment, type TrustState } from './trust-state';

interface Vector {
  name: string;
  now: string;
  held: TrustBundle;
  messages: string[];
  expect: { platform: string; ring: string };
  holds: TrustBundle;
}

const { vectors } = JSON.parse(readFileSync(join(__dirname, '../../../../test/vectors/chain.json'), 'utf8')) as {
  vectors: Vector[];
};

async function taken({ held, messages, now }: Vector): Promise<{ outcome: ChainOutcome; state: TrustState }> {
  const before = trustAtEnrolment('0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b3', held);
  let outcome: ChainOutcome = { kind: 'superseded', state: before };
  for (const text of messages) {
    const from = outcome.kind === 'part' ? outcome.walked : undefined;
    outcome = await takeChain(before, text, new Date(now), from);
    if (outcome.kind === 'refused') break;
  }
  return { outcome, state: 'state' in outcome ? outcome.state : before };
}

function verdictOf(outcome: ChainOutcome, isPlatformsNews: boolean): Vector['expect'] {
  if (outcome.kind === 'part') return { platform: 'part', ring: 'part' };
  if (outcome.kind !== 'refused')
    return { platform: 'taken', ring: (outcome.kind === 'taken' && outcome.refused) || 'taken' };
  // Where nothing of the platform's was news, the whole message counts as refused.
  return { platform: isPlatformsNews ? outcome.reason : 'taken', ring: outcome.reason };
}

const holds = ({ keys, activeKeyId, stagedKeyId, next, statementHash, headEpoch, epoch }: ChainAnchor) => ({
  ...{ activeKeyId, stagedKeyId, next, statementHash, headEpoch, epoch },
  keys: keys.map(({ keyId, publicKey, notAfter }) => [keyId, publicKey.text, notAfter]),
});

test.each(vectors)('$name', async (vector) => {
  const { outcome, state } = await taken(vector);
  const { expect: expected, holds: after } = vector;
  expect(verdictOf(outcome, expected.platform !== 'taken')).toEqual(expected);
  expect(holds(state.ring)).toEqual(holds(anchorOfBundle(after, vector.now)));
  expect(holds(state.platform)).toEqual(holds(anchorOfBundle(after.platform, vector.now)));
  expect(state.recoveryPublicKey).toBe(after.recovery_public_key);
});

test('each code of a refusal has a vector', () => {
  const codes = new Set(vectors.flatMap(({ expect: { platform, ring } }) => [platform, ring]));
  const ofStatements = ['wrong_scope', 'gap', 'fork', 'epoch_back', 'revoked', 'foreign_authority', 'next_not_kept'];
  const ofSignatures = ['missing', 'repeated', 'swapped', 'too_many', 'invalid'].map((each) => `signature_${each}`);
  expect([...codes].sort()).toEqual(
    ['taken', 'malformed', 'bundle_stale', 'bundle_foreign', ...ofStatements, ...ofSignatures].sort(),
  );
});
