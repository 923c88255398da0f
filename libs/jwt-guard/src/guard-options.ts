import type { GuardObserver } from './reports';
import type { Times } from './times';

/** What a guard is started with. */
export interface JwtGuardOptions extends GuardObserver {
  /** Whose tokens are let in: exactly their `iss`. */
  issuer: string;
  /** Who this is: one of these has to be among a token's `aud`. The first one is told to callers as the realm. */
  audience: string | readonly string[];
  /** Where the issuer publishes its keys; `<issuer>/.well-known/jwks.json` where it is not said. */
  jwksUri?: string | undefined;
  /** The `typ` of the tokens that are let in; `at+jwt` (RFC 9068) where it is not said. */
  types?: readonly string[] | undefined;
  /** By how much this machine's clock may be off, at most 60 seconds; 5 where it is not said. */
  clockToleranceSeconds?: number | undefined;
  /** Certificates (PEM) that the issuer has to prove itself by, where the system does not know them. */
  ca?: string | undefined;
  /** Insists on keys that come in the clear from another machine: whoever is in between can let in whom he likes. */
  allowPlaintext?: boolean | undefined;
  /** For tests. Each can be made shorter and none longer: what the guard promises stands on them. */
  times?: Partial<Times> | undefined;
}
