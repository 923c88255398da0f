/** What a verifier trusts: whose tokens, for whom, and where the keys are: at `/.well-known/jwks.json` below `base`. */
export interface Trust {
  issuer: string;
  audience: string;
  base: string;
}

/** Rejects where the library refuses the token. One is one process' verifier: it has a cache of its own. */
export type Verify = (token: string) => Promise<void>;

/** A library as its users set it up. */
export interface JwksClient {
  name: string;
  /** How long it may go on accepting a key that is published no more. Infinity: while tokens by it keep coming, for ever. */
  keepsMs: number;
  /** For how long it may refuse a key that was published after it last asked. */
  refusesMs: number;
  /** `isHasty`: with its times cut, to what is said beside each. */
  start(trust: Trust, isHasty?: boolean): Verify;
}

/** Where a library lets its users say how long it keeps what it has. */
export const HASTY_CACHE_MS = 3_000;

export const jwksUri = ({ base }: Trust): string => `${base}/.well-known/jwks.json`;
