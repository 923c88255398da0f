import type { RingPolicy } from '@plexsphere/keyring';
import type { SigningKeyEntity } from '@plexsphere/store';
import { ALGORITHMS, type AlgorithmName } from '@plexsphere/wire';
import type { RefusedPolicy } from './policy-check';

const typeOf = (algorithm: string): string => ALGORITHMS[algorithm as AlgorithmName].kty;

/** Whether verifiers that are told no key may take a key of one for one of the other. */
export const isOneType = (one: string, other: string): boolean => typeOf(one) === typeOf(other);

/**
 * Beside a foreign key whose tokens name none no key of its type may come in, and so none may be decided: whoever is shown
 * such a token would refuse it.
 */
export function refusedBesideNameless(
  { algorithm }: RingPolicy,
  keys: readonly Pick<
    SigningKeyEntity,
    'keyId' | 'state' | 'algorithm' | 'foreignSignsUntil' | 'jwkKid' | 'tokensUntil'
  >[],
): RefusedPolicy | null {
  const inTheWay = keys.find(
    ({ state, foreignSignsUntil, jwkKid, ...key }) =>
      state === 'retiring' && foreignSignsUntil !== null && jwkKid === null && isOneType(key.algorithm, algorithm),
  );
  if (inTheWay === undefined) return null;
  const until = inTheWay.tokensUntil?.toISOString() ?? 'then';
  return {
    isSchedule: false,
    field: 'algorithm',
    reason: `algorithm is of the type of ${inTheWay.keyId}, whose tokens name no key and live until ${until}`,
  };
}
