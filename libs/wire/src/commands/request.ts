import { IsOptional, IsUUID } from '../validator';
import type { Scope } from '../scope';
import { IsScope } from './constraints';

/** A retry with the same request id gets the same answer; plexctl always sends one. */
export class Request {
  @IsOptional()
  @IsUUID()
  request_id?: string;
}

export class OfScope {
  @IsScope()
  scope: Scope;
}

/** For commands that take nothing. */
export class Nothing {}
