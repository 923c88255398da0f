import { IsBoolean, IsIn, IsInt, IsOptional, IsString, IsUUID, Max, MaxLength, Min } from '../validator';
import { PUBLIC_ALGORITHM_NAMES, type AlgorithmName } from '../algorithms';
import type { Scope } from '../scope';
import type { ProblemBody } from '../problem';
import { IsForeignKid, IsIssuerScope, IsTime, IsWords } from './constraints';
import type { RingChangedReply } from './key-commands';
import { Request } from './request';

/** Makes the ring of an issuer, with its first key. A standby is staged right after. */
export class CreateIssuer extends Request {
  @IsIssuerScope()
  scope: Scope;

  /** What its tokens name: an origin, or an origin and `/issuers/<slug>` (isIssuerUrl). */
  @IsString()
  @MaxLength(255)
  url: string;

  /** Of its keys; without it as its kind has it. */
  @IsOptional()
  @IsIn(PUBLIC_ALGORITHM_NAMES)
  algorithm?: AlgorithmName;

  /** It is served at the root, too. The first one is, whether it is said or not. */
  @IsOptional()
  @IsBoolean()
  default?: boolean;
}

export interface CreateIssuerReply {
  scope: Scope;
  url: string;
  default: boolean;
  /** Which was served at the root until then, and is no more; null where none was, or still is. */
  default_before: Scope | null;
  key_id: string;
  algorithm: AlgorithmName;
  epoch: number;
}

export class ShowIssuer {
  @IsIssuerScope()
  scope: Scope;
}

export interface IssuerSummary {
  scope: Scope;
  url: string;
  default: boolean;
  active_key_id: string;
  /** The key that is published and signs next; null where none is. */
  standby_key_id: string | null;
  /** Whether a rotation is open. */
  open: boolean;
  created_at: string;
}

export interface IssuerListReply {
  issuers: IssuerSummary[];
}

const DAY_S = 86_400;

/** What is asked of an import, and of its plan. Times RFC 3339. */
export class PlanImport {
  @IsIssuerScope()
  scope: Scope;

  @IsIn(PUBLIC_ALGORITHM_NAMES)
  algorithm: AlgorithmName;

  /** Its public half alone, as its algorithm writes it. */
  @IsString()
  @MaxLength(1_024)
  public_key: string;

  /** What its tokens call it; without it they name no key. */
  @IsOptional()
  @IsForeignKid()
  jwk_kid?: string;

  /** When the other service signs its last token by it. */
  @IsTime()
  foreign_signs_until: string;

  /** How long those live at the most. */
  @IsInt()
  @Min(1)
  @Max(366 * DAY_S)
  foreign_token_life_seconds: number;
}

/** Has a key of another service verify in an issuer's key set, until its last token is over. Again: until later. */
export class ImportKey extends PlanImport {
  @IsOptional()
  @IsUUID()
  request_id?: string;

  @IsOptional()
  @IsWords()
  reason?: string;
}

export interface ImportKeyReply extends RingChangedReply {
  /** What it is called in this ring. */
  imported_key_id: string;
  algorithm: AlgorithmName;
  /** As the key set names it; null where its tokens name no key. */
  jwk_kid: string | null;
  foreign_signs_until: string;
  tokens_until: string;
  verifies_until: string;
}

export interface PlanImportReply {
  scope: Scope;
  /** null where it would be refused. */
  imported_key_id: string | null;
  jwk_kid: string | null;
  tokens_until: string | null;
  verifies_until: string | null;
  /** Where it is imported already: when its tokens are over as it is now. */
  moves_from: string | null;
  /** The stable details of what the command would refuse. */
  blocked_by: string[];
  refused: ProblemBody | null;
}

export interface IssuerKey {
  key_id: string;
  state: 'staged' | 'active' | 'retiring';
  algorithm: AlgorithmName;
  since: string;
  /** Of the standby: from when on it may sign without force; null before everybody serves it. */
  propagated_at: string | null;
  /** Of one that retires: when its last token ends; null where that is not known, or it signs. */
  tokens_until: string | null;
  verifies_until: string | null;
  /** Of a key of another service: what its tokens call it, null where they name none; absent of ours. */
  jwk_kid?: string | null;
  foreign_signs_until?: string;
}

export interface IssuerReply extends IssuerSummary {
  epoch: number;
  /** How long a token may live that is signed now. */
  longest_token_seconds: number;
  /** Until when verifiers that keep key sets may not know active_key_id yet; null where all know it. */
  known_by: string | null;
  /** The database's now. */
  now: string;
  keys: IssuerKey[];
}
