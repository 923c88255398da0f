import { IsBoolean, IsInt, IsOptional, Matches, Max, Min } from '../validator';
import type { Scope } from '../scope';
import type { RingView } from '../ring-view';
import { isCount } from '../names';
import { IsByScope } from './constraints';

/** Statements in one renewal, and the length of each: a holder with more of them sends the rest with the next ones. */
export const MAX_STATEMENTS = 8;
const MAX_STATEMENT_CHARACTERS = 8_192;

/**
 * Renewing, booting, joining and confirming are this one request: the holder says which epoch of which scope it works
 * by, and rotation grants those that are present and answers with the rings that the holder lacks.
 */
export class RenewLease {
  /** base64url of 32 random bytes that the holder drew with its name: who lacks it changes nothing of its row. */
  @Matches(/^[A-Za-z0-9_-]{43}$/)
  secret: string;

  /**
   * Rises with each request of this holder. A request that was held up on its way is older than what stands in the table
   * by then, and must not take its place: it would name fewer leases than the holder has.
   */
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  turn: number;

  /** scope → epoch. */
  @IsByScope((epoch) => isCount(epoch, 1))
  epochs: Record<Scope, number>;

  /** scope → the head's statement, where rotation has shown an older ring than the holder has seen: it proves the later one. */
  @IsOptional()
  @IsByScope((text) => typeof text === 'string' && text.length <= MAX_STATEMENT_CHARACTERS, MAX_STATEMENTS)
  statements?: Record<Scope, string>;

  /** Where the holder's clock is wrong, by how much it is ahead of the database's. Such a holder claims nothing. */
  @IsOptional()
  @IsInt()
  clock_off_ms?: number;

  /** The holder stops in order and gives everything back. */
  @IsOptional()
  @IsBoolean()
  release?: boolean;
}

export interface RenewLeaseReply {
  /** L, in milliseconds, counted by the holder from before it asked. */
  lease_ms: number;
  /** The database's clock, RFC 3339, at some time between the question and the answer. */
  now: string;
  /** Scopes whose lease is granted, at the epoch that was asked for. */
  granted: Scope[];
  /**
   * Present rings of the scopes that the holder lacks, is behind at, or claims a later epoch of than there is; ask again
   * once they are taken.
   */
  rings: RingView[];
  /** Scopes that were claimed and whose ring is removed: drop it, keys and all, and claim it no more. */
  removed: Scope[];
  /** Standard base64 of the recovery public key: one of the three anchors that a trust bundle names. */
  recovery_public_key: string;
  /** How long a verifier may keep a key set before it asks again: no propagation delay and no overlap counts on less. */
  verifier_cache_ms: number;
}
