import { IsBoolean, IsInt, IsObject, IsOptional, Min } from 'class-validator';
import type { Scope } from '../names';
import type { RingView } from '../ring-view';

/**
 * Renewing, booting, joining and confirming are this one request: the holder says which epoch of which scope it works
 * by, and rotation grants those that are present and answers with the rings that the holder lacks. Which holder it is, and
 * of which kind, stands in the subject.
 */
export class RenewLease {
  /**
   * Rises with each request of this holder. A request that was held up on its way is older than what stands in the table
   * by then, and must not take its place: it would name fewer leases than the holder has.
   */
  @IsInt()
  @Min(1)
  turn: number;

  /** scope → epoch. */
  @IsObject()
  epochs: Record<Scope, number>;

  /** The holder stops in order and gives everything back. */
  @IsOptional()
  @IsBoolean()
  release?: boolean;
}

export interface RenewLeaseReply {
  /** L, in milliseconds, counted by the holder from before it asked. */
  lease_ms: number;
  /** Scopes whose lease is granted, at the epoch that was asked for. */
  granted: Scope[];
  /** Present rings of the scopes that the holder lacks or is behind at; ask again once they are taken. */
  rings: RingView[];
  /** Standard base64 of the recovery public key: one of the three anchors that a trust bundle names. */
  recovery_public_key: string;
}
