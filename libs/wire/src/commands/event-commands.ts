import { IsOptional, IsString, IsUUID, ValidateIf } from 'class-validator';
import type { Scope } from '../scope';
import { IsEventType, IsScope } from './constraints';
import { Request } from './request';

/** To every Node of a scope, or to one Node: exactly one of `scope` and `node_id`. */
export class Publish extends Request {
  @ValidateIf((publish: Publish) => publish.node_id === undefined)
  @IsScope()
  scope?: Scope;

  // Not IsOptional, which lets null pass.
  @ValidateIf((publish: Publish) => publish.node_id !== undefined)
  @IsUUID()
  node_id?: string;

  @IsEventType()
  event_type: string;

  /** JSON text, kept as text: number spellings and key order survive. */
  @IsOptional()
  @IsString()
  payload?: string;
}

export interface PublishReply {
  event_id: string;
  nodes: number;
}
