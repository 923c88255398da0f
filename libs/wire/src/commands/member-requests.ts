/** What a channel's member says of what it holds: on its own subject, or through a gateway that was shown its bearer. */
import { REPORT_LIMITS } from '../channel';
import { IsReportedRings } from './constraints';
import type { Scope } from '../scope';
import type { KeyUse } from './channel-commands';

export interface ReportedRing {
  scope: Scope;
  /** As the member holds it. */
  epoch: number;
  /** All keys that it holds now, each with its proof (channelProof) at that epoch: what is not named is not held. */
  keys: { key_id: string; proof: string }[];
  /** When the period began that what follows is of: RFC 3339, by the member's clock, and how long ago that was by its monotonic one. */
  period_from: string;
  period_seconds: number;
  last_signed: KeyUse | null;
  last_verified: KeyUse | null;
  /** Keys that something was verified by in this period which carried nothing by a newer one; when last. */
  alone: KeyUse[];
  /** In this period, by reason. */
  refusals: Record<string, number>;
  /** Of a sink: what it found and kept that is not ours. */
  taken_over?: string[];
}

export class ReportKeys {
  /** Those that it holds: of one that is not named it is told again. */
  @IsReportedRings(REPORT_LIMITS.rings)
  rings: ReportedRing[];
}

export interface ReportKeysReply {
  rings: {
    scope: Scope;
    /** The ring's present one: a member that holds an earlier one hears of it on its stream. */
    epoch: number;
    proven: string[];
    refused: { key_id: string; detail: string }[];
  }[];
}
