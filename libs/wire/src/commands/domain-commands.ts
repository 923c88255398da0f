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
