import type { Scope } from '../scope';
import { IsDomainId, IsKeyId } from './constraints';
import { Request } from './request';

export class CreateDomain extends Request {
  @IsDomainId()
  id: string;

  @IsKeyId()
  key_id: string;
}

export interface CreateDomainReply {
  scope: Scope;
  key_id: string;
  epoch: number;
}

export interface DomainListReply {
  domains: { id: string; scope: Scope; active_key_id: string; open: boolean; nodes: number; created_at: string }[];
}

export class RemoveDomain extends Request {
  @IsDomainId()
  id: string;
}

/** The ring is there no more: nothing names it, and its name is taken for ever. */
export interface RemoveDomainReply {
  scope: Scope;
  /** The key that signed last. */
  key_id: string;
  epoch: number;
  removed_at: string;
  /** Lease holders that did not say that they have dropped the ring: their lease had to run out instead. */
  lapsed: string[];
  /** Whether the private halves are gone; where not, they go as soon as a signer is there. */
  keys_destroyed: boolean;
}

export class PlanRemoveDomain {
  @IsDomainId()
  id: string;
}

/** What keeps a Domain from being removed. */
export interface DomainUse {
  /** Names of enrolled Nodes, at most 50; `more_nodes` says that there are others. */
  nodes: string[];
  more_nodes: boolean;
  /** Keys beside the one that signs which verifiers still hold, or are about to. */
  keys: { key_id: string; state: string }[];
}

export interface PlanRemoveDomainReply extends DomainUse {
  scope: Scope;
  /** The key that signs; null where the scope has no ring. */
  key_id: string | null;
  /** Lease holders that would have to drop the ring. */
  holders: string[];
  /** Stable details (problem.ts) of what would refuse it; empty where nothing would. */
  blocked_by: string[];
}
