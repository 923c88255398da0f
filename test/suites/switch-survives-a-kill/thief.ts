import { randomBytes } from 'node:crypto';
import type { ServiceProcess } from '@plexsphere/stack';
import { headers, subjects, type LeaseKind } from '@plexsphere/wire';
import type { RenewLease } from '@plexsphere/wire/commands';
import type { NatsConnection } from 'nats';
import type { World } from '../../src/world';
import { bootstrapFile, dial } from '../permissions/hands';

/** Somebody with the signers' real credential, and no secret but their own. */
export async function thief(world: World): Promise<NatsConnection> {
  return dial(world, await bootstrapFile(world, 'signer.creds'), { kind: 'signer' });
}

const SECRET = randomBytes(32).toString('base64url');

export async function renewAs(
  bus: NatsConnection,
  holder: string,
  more: Partial<RenewLease>,
  kind: LeaseKind = 'signer',
): Promise<{ code: string; body: Record<string, unknown> }> {
  const request: RenewLease = { secret: SECRET, turn: 1, epochs: {}, ...more };
  const reply = await bus.request(subjects.renewLease(kind, holder), JSON.stringify(request), { timeout: 5_000 });
  return { code: reply.headers?.get(headers.errorCode) || 'OK', body: reply.json() };
}

/** The name under which a signer's present process holds its leases. */
export const holderOf = (signer: ServiceProcess): string =>
  String(signer.logs().findLast(({ msg }) => msg === 'lease holder')?.['holder']);
