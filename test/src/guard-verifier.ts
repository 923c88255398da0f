import type { Trust, Verify } from '@plexsphere/jwks-clients';
import { JwtGuard, TokenRefused, type Times } from '@plexsphere/jwt-guard';
import type { World } from './world';

/** Our guard as one of the verifiers of a story. */
export interface GuardVerifier {
  guard: JwtGuard;
  verify: Verify;
  /** Why its fetches failed, one by one. */
  failures: string[];
}

export function startGuard(world: World, { issuer, audience, base }: Trust, times: Partial<Times> = {}): GuardVerifier {
  const failures: string[] = [];
  const guard = JwtGuard.start({
    ...{ issuer, audience, times, jwksUri: `${base}/.well-known/jwks.json` },
    onFetch: ({ reason }) => void (reason !== undefined && failures.push(reason)),
  });
  world.afterwards(async () => guard.stop());
  const verify: Verify = (token) => guard.verify(token).then(() => undefined, asTimeOut(failures));
  return { guard, verify, failures };
}

/** It says that it has no keys to go by, and its reports why: where its fetches took too long, it is a time-out like others'. */
const asTimeOut = (failures: string[]) => (error: unknown) => {
  const hasNoKeys = error instanceof TokenRefused && error.reason === 'keys_unavailable';
  if (hasNoKeys && failures.at(-1) === 'timeout') throw new DOMException('no keys came in time', 'TimeoutError');
  throw error;
};
