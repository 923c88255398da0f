import { createHash, randomUUID } from 'node:crypto';
import type { OperatorEntity } from '@plexsphere/store';
import type { Command } from '@plexsphere/wire';
import type { RequestIdentity } from '../transactions/requests';

/** A caller that sends no request id gets one, and cannot retry. */
export const identify = (
  command: Command,
  request: { request_id?: string },
  operator: OperatorEntity,
): RequestIdentity => ({
  requestId: request.request_id ?? randomUUID(),
  command,
  actor: operator.id,
  bodyHash: createHash('sha256').update(JSON.stringify(request)).digest('base64url'),
});
