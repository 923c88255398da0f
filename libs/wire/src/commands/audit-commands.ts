import { IsOptional } from '../validator';
import type { Scope } from '../scope';
import { IsActor, IsCommandName, IsScope, IsTime } from './constraints';
import { Page, type Paged } from './page';

/** Newest first; what is left out may be anything. */
export class ListAudit extends Page {
  @IsOptional()
  @IsScope()
  scope?: Scope;

  /** The name or the id of an operator; `bootstrap` for what bring-up did. */
  @IsOptional()
  @IsActor()
  actor?: string;

  /** A command's name, `<noun>.<verb>`, or what bring-up did. */
  @IsOptional()
  @IsCommandName()
  action?: string;

  /** RFC 3339: not before this time. */
  @IsOptional()
  @IsTime()
  since?: string;

  /** RFC 3339: before this time, which is later than `since`. */
  @IsOptional()
  @IsTime()
  until?: string;
}

export interface AuditEntry {
  happened_at: string;
  /** The operator's name, or what stands in the log where the table of operators knows none. */
  actor: string;
  action: string;
  /** null: of the whole installation, as tokens are. Shown to admins of every scope alone. */
  scope: Scope | null;
  request_id: string | null;
  /** An admin insisted against what refuses it otherwise. */
  forced: boolean;
  before: unknown;
  after: unknown;
  detail: unknown;
}

export interface ListAuditReply extends Paged {
  entries: AuditEntry[];
}
