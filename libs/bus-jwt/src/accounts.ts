import type { Revocation } from '@plexsphere/wire';
import { busSigner, requirePublicKey } from './bus-key';
import { encode } from './encode';

/** An account whose JWT names no limits gets zero of everything: it admits nobody. -1 is "no limit". */
const NO_LIMITS = {
  subs: -1,
  data: -1,
  payload: -1,
  imports: -1,
  exports: -1,
  wildcards: true,
  conn: -1,
  leaf: -1,
};

const NO_JETSTREAM_LIMITS = {
  mem_storage: -1,
  disk_storage: -1,
  streams: -1,
  consumer: -1,
  mem_max_stream_bytes: -1,
  disk_max_stream_bytes: -1,
  max_ack_pending: -1,
};

/** The root of the bus: the server trusts what this key signs. No expiry; replaced by hand alone. */
export function issueOperator(fields: { operatorSeed: string; systemAccountPublicKey: string }): string {
  const signer = busSigner('operator', fields.operatorSeed);
  const nats = { system_account: requirePublicKey('account', fields.systemAccountPublicKey) };
  return encode('operator', { name: 'plexsphere', subject: signer.publicKey, nats }, signer);
}

/** The account of the server's own subjects. Without JetStream: a server refuses to start with it there. */
export const issueSystemAccount = (fields: { operatorSeed: string; accountPublicKey: string }): string =>
  accountJwt('SYS', fields, { limits: NO_LIMITS });

/**
 * The account that everything else lives in, with these and only these revocations: a credential of `public_key`
 * issued at `at` (Unix seconds) or before is refused, and its connection is cut when the server takes the JWT.
 * @throws BusJwtError bad_seed, bad_public_key
 */
export const signAccount = (fields: {
  operatorSeed: string;
  accountPublicKey: string;
  revocations: readonly Revocation[];
}): string =>
  accountJwt('MESH', fields, {
    limits: { ...NO_LIMITS, ...NO_JETSTREAM_LIMITS },
    revocations: Object.fromEntries(
      fields.revocations.map(({ public_key, at }) => [requirePublicKey('user', public_key), at]),
    ),
  });

const accountJwt = (
  name: string,
  { operatorSeed, accountPublicKey }: { operatorSeed: string; accountPublicKey: string },
  nats: { limits: Record<string, number | boolean>; revocations?: Record<string, number> },
): string =>
  encode(
    'account',
    { name, subject: requirePublicKey('account', accountPublicKey), nats },
    busSigner('operator', operatorSeed),
  );
